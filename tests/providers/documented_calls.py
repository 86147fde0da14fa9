"""The documents' examples of what is asked beside a create, each with the command that leads to the same."""

from collections.abc import Mapping

#: what reads a task of the gateway
POLL = "POST /lumalabs-ai-polling/v1/getStatus"
READ, LIST, DELETE = "GET /generations/{id}", "GET /generations", "DELETE /generations/{id}"
CONCEPTS, MOTIONS = "GET /generations/concepts/list", "GET /generations/camera_motion/list"
#: the download of a finished file
DOWNLOAD = "GET asset"

#: what is typed before each call is sent; the words of the camera are read for what is typed later
COMMANDS: Mapping[str, str] = {
    READ: "/imagine a red fox",
    DOWNLOAD: "/imagine a red fox",
    LIST: "/imagine a paper boat --count 4",
    DELETE: "/delete {job}",
    CONCEPTS: "/animate --concepts dolly",
    MOTIONS: "/animate --camera_motion orbit",
}

#: document, heading, call
CALLS: tuple[tuple[str, str, str], ...] = (
    ("REST pictures", "Image Generation: Get generation with id", READ),
    ("REST pictures", "Image Generation: List all generations", LIST),
    ("REST pictures", "Image Generation: Delete generation", DELETE),
    ("REST pictures", "Image Generation: Downloading an image", DOWNLOAD),
    ("REST", "Image Generation: Get generation with id", READ),
    ("REST", "Image Generation: List all generations", LIST),
    ("REST", "Image Generation: Delete generation", DELETE),
    ("REST", "Image Generation: Downloading an image", DOWNLOAD),
    ("REST", "Video Generation: Get generation with id", READ),
    ("REST", "Video Generation: List all generations", LIST),
    ("REST", "Video Generation: Delete generation", DELETE),
    ("REST", "Video Generation: Downloading a video", DOWNLOAD),
    ("REST", "Video Generation: Get all supported camera motions", MOTIONS),
    ("REST", "Video Generation: How to use concepts", CONCEPTS),
    ("Python", "Image Generation: Usage Example", READ),
    ("Python", "Image Generation: Usage Example", DOWNLOAD),
    ("Python", "Image Generation: Get generation with id", READ),
    ("Python", "Image Generation: List all generations", LIST),
    ("Python", "Image Generation: Delete generation", DELETE),
    ("Python", "Video Generation: Usage Example", READ),
    ("Python", "Video Generation: Usage Example", DOWNLOAD),
    ("Python", "Video Generation: Downloading a video", DOWNLOAD),
    ("Python", "Video Generation: Get generation with id", READ),
    ("Python", "Video Generation: List all generations", LIST),
    ("Python", "Video Generation: Delete generation", DELETE),
    ("Python", "Video Generation: Get all supported camera motions", MOTIONS),
    ("Python", "Video Generation: How to use concepts", CONCEPTS),
    # Of the questions and answers behind the part about the SDK.
    ("Python", "Video Generation: How to use camera motion", MOTIONS),
    ("JavaScript", "Image Generation: Usage Example", READ),
    ("JavaScript", "Image Generation: Usage Example", DOWNLOAD),
    ("JavaScript", "Image Generation: Get generation with id", READ),
    ("JavaScript", "Image Generation: List all generations", LIST),
    ("JavaScript", "Image Generation: Delete generation", DELETE),
    ("Gateway", "Polling: JSON", POLL),
    ("Gateway", "Polling: HTTP", POLL),
    ("Gateway", "Polling: JavaScript", POLL),
    ("Gateway", "Polling: curl", POLL),
    ("Gateway", "Polling: Java", POLL),
    ("Gateway", "Polling: PHP", POLL),
)
