"""Names and limits that server and node share: protocol version, queues, task names, keys in Redis, lifetimes."""

PROTOCOL = 4  # of jobs, as this version speaks it
# What this version understands as well. It stays at the one before when PROTOCOL is raised, so that servers and agents can be
# updated one after the other (docs/upgrading.md).
OLDEST_PROTOCOL = 4

OLDEST_AGENT = (0, 2, 0)  # earlier ones need Redis commands that no node has any more (scripts, transactions)

# Queues of a node, each under its own key prefix.
ANSWERING, TRAINING = "stages", "train"

# Header of a job's message: an opaque name of the person it is done for, by which a node takes turns. It may be empty.
PERSON_HEADER = "person"
# Such a name begins with it where nobody waits for the job: a node does those of others first.
BACKGROUND = "~"
# Header of a job's message: the place in the trace that it belongs to, as W3C Trace Context has it. May be missing.
TRACE_HEADER = "traceparent"

# What an agent of this version can be asked for from the server, besides jobs of earlier versions. It reports these names.
RESTART, RECENT_LOG, PREVIEW = "restart", "log", "preview"
MEASURE = "measure"  # only the encodings that some tasks need, of a photo that it places
FOLDERS = "folders"  # say which photos are in a camera that is a folder, and keep one of them
THUMBNAILS = "thumbnails"  # send small pictures of photos that are nowhere else
ABILITIES = (RESTART, RECENT_LOG, PREVIEW, MEASURE, FOLDERS, THUMBNAILS)
UPDATE = "update"  # its agent, by itself: only where the installer made its home

MAX_LOG = 60_000  # bytes of an agent's recent log, as JSON
PREVIEW_SIDE, PREVIEW_BYTES = 320, 64 * 1024  # of a camera's preview: pixels of its longer side; of its JPEG
THUMBNAIL_SIDE, THUMBNAIL_BYTES = 160, 16 * 1024  # of a photo that stays on the node: of its longer side; of the JPEG
BLOB_TTL_S = 120
REPLY_TTL_S = 300
MAX_REPLY_BYTES = 256 * 1024  # of a job's JSON result; what is larger travels as a blob


def is_supported(protocol: int) -> bool:
    """Whether this version understands jobs of that protocol, or speaks it to an agent of the version before."""
    return OLDEST_PROTOCOL <= protocol <= PROTOCOL


def supported() -> str:
    """For sentences."""
    return f"protocol {PROTOCOL}" if OLDEST_PROTOCOL == PROTOCOL else f"protocols {OLDEST_PROTOCOL} to {PROTOCOL}"


def task_name(verb: str) -> str:
    """The Celery task that does a job."""
    return f"stages.{verb}"


def key(slug: str, name: str) -> str:
    """Under the node's own prefix: its Redis user may touch nothing else."""
    return f"{slug}:{name}"


def blob_key(slug: str, name: str) -> str:
    return key(slug, f"blob:{name}")


def ticket_key(slug: str, job: str) -> str:
    """Exists as long as somebody waits for the job."""
    return key(slug, f"job:{job}")


def progress_key(slug: str, job: str) -> str:
    """The phase a job is in, when it takes longer than a moment."""
    return key(slug, f"progress:{job}")


def trainer_key(slug: str) -> str:
    """Which training process of the node is alive; gone when it died."""
    return key(slug, "lane")
