"""Commands as text: parsing, completion, and a job written as the command that makes it again."""
