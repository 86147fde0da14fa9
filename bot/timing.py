"""Every window, grace, lease and deadline of the bot."""

from pydantic import BaseModel, ConfigDict

#: the window of a lane's limit per minute: a minute, plus the age of a claim and the time on the network
_WINDOW_MS = 75_000


class Timing(BaseModel):
    """All windows, intervals, leases and deadlines in milliseconds; `REVERIE_TIME_SCALE` scales them all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: a claim older than this is dropped instead of sent
    claim_age: int = 10_000
    #: sliding window of a lane's creates per minute
    lane_window: int = _WINDOW_MS
    #: timeout of a provider's response
    http_timeout: int = 30_000
    #: lease of a claimed job: the HTTP timeout and a margin
    submit_lease: int = 45_000
    #: grace time in which a create whose response was lost may appear in a list
    unknown_grace: int = 60_000
    #: after this the search for a lost create ends with a refund
    unknown_deadline: int = 900_000
    #: how long an echoed callback token proves that an account echoes them
    echo_proof: int = 86_400_000
    #: longest wait in the queue
    queue_deadline: int = 86_400_000
    #: deadline of a generation, from its submission
    generation_deadline: int = 900_000
    #: between two polls of running generations
    watch_interval: int = 800
    watch_lease: int = 10_000
    #: between two fetches of one running job's preview
    preview_interval: int = 10_000
    #: between two scans of an account's whole list, which find orphans
    sweep_interval: int = 300_000
    #: a known id fails after three 404 responses over this time
    vanished_after: int = 60_000
    #: how long an asset may be unavailable after its generation has completed
    asset_deadline: int = 300_000
    #: first delay before a retry; it doubles each time
    asset_retry: int = 5_000
    asset_retry_max: int = 60_000
    asset_timeout: int = 60_000
    #: how long a result that our own processing fails on is retried before it is left to the operator
    processing_deadline: int = 21_600_000
    processing_retry_max: int = 600_000
    #: lease of a job while its inputs are prepared
    prepare_lease: int = 600_000
    prepare_retry: int = 5_000
    #: how long an input may be unavailable, from the first failure
    prepare_deadline: int = 60_000
    #: timeout of the download of one input
    input_timeout: int = 120_000
    #: timeout of the response headers of a person's URL
    fetch_head: int = 15_000
    #: window of waiting in which a server's speed is measured; below `fetch_bytes_per_s` the download fails
    fetch_window: int = 15_000
    #: how long an uploaded file is kept until a command uses it
    upload_hold: int = 3_600_000
    #: how long a confirmation of a deletion, or of a price, is valid
    confirmation: int = 900_000
    #: how long a code that links two persons is valid
    link_code: int = 600_000
    #: in which one person may enter a few codes
    link_window: int = 3_600_000
    #: between two searches for direct messages to send, and the first delay before one is sent again
    notice_interval: int = 10_000
    notice_retry: int = 30_000
    #: how long a direct message that cannot be sent is tried
    notice_deadline: int = 86_400_000
    #: how long a job waits for an admin's approval
    approval: int = 86_400_000
    #: one second of the time in which a costly job can be undone
    undo_second: int = 1_000
    #: the same reaction of a member to a message counts once in this time
    reaction_window: int = 600_000
    #: how old the map of a workspace's reactions may be
    reaction_map: int = 5_000
    #: between two searches for media past their retention
    retention_interval: int = 600_000
    #: between two listings of a whole bucket, for its size and for files that nothing refers to
    bucket_scan_interval: int = 21_600_000
    #: between two searches for channels with jobs that wait during a provider's outage
    outage_interval: int = 10_000
    #: between two searches for spending caps that are nearly used up
    cap_interval: int = 10_000
    #: between two recordings of what was refused
    refusal_interval: int = 10_000
    #: between two searches for what operators are alerted about
    alert_interval: int = 15_000
    #: how long a provider does not respond, and nothing is submitted from a queue, before operators are told
    alert_outage: int = 60_000
    alert_queue: int = 1_200_000
    #: what was not found for so long is over, and may be told again this long after it was told
    alert_clear: int = 120_000
    alert_quiet: int = 600_000
    #: first delay before an alert is sent again; it doubles each time, up to a maximum and until a deadline
    alert_retry: int = 5_000
    alert_retry_max: int = 600_000
    alert_deadline: int = 86_400_000
    alert_lease: int = 60_000
    #: between two checks of a stopped account
    account_check: int = 30_000
    #: between two readings of an account's credit, while its jobs run and while it is idle
    credit_check: int = 600_000
    credit_idle: int = 3_600_000
    #: how long a provider's vocabulary is cached, and the delay before a retry
    vocabulary_interval: int = 21_600_000
    vocabulary_retry: int = 60_000
    #: how often a worker confirms its accounts, and how long an unconfirmed one is kept before it is retired
    account_hold: int = 900_000
    account_lost: int = 3_600_000
    #: how long the account of a workspace's own key stays open while it has nothing to do
    account_idle: int = 600_000
    cool_down: int = 5_000
    cool_down_max: int = 120_000
    card_lease: int = 30_000
    #: timeout of showing a card, with its uploads
    show_deadline: int = 600_000
    #: minimum interval of progress edits in one channel
    progress_interval: int = 3_000
    delivery_retry: int = 2_000
    delivery_retry_max: int = 300_000
    #: a card that cannot be shown is undeliverable after this; its results stay
    delivery_deadline: int = 86_400_000
    #: how long an unreadable row is skipped; a newer version may have written it
    unreadable_retry: int = 600_000
    #: how long a receiver that answers itself leases the card's first revision
    answer_window: int = 3_000
    #: every loop polls at this interval even without a signal
    poll: int = 1_000
    orphan_retry: int = 30_000
    #: between two attempts to write while the store is not writable
    write_check: int = 5_000
    #: how long a signed media link is valid
    media_link: int = 86_400_000
    stop: int = 8_000
    #: pause before a loop that failed is started again; it doubles with each failure in a row
    restart: int = 1_000
    restart_max: int = 300_000
    #: a loop that has run for so long counts as recovered
    restart_steady: int = 60_000

    def scaled(self, scale: float) -> "Timing":
        return Timing(**{name: max(1, round(value * scale)) for name, value in self.model_dump().items()})
