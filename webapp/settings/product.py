"""Settings of Isthmus itself, where those of Django end: limits, answering, nodes."""

from webapp import env

# --- limits on requests -------------------------------------------------------------------------------------------
PHOTO_MAX_BYTES = env.integer("ISTHMUS_PHOTO_MAX_MB", 25) * 1024 * 1024
PHOTO_MAX_PIXELS = env.integer("ISTHMUS_PHOTO_MAX_MEGAPIXELS", 50) * 1_000_000
STORAGE_MB = env.integer("ISTHMUS_STORAGE_MB", 2000)  # of photos, for each person without a limit of their own
PHOTO_MAX_SIDE = env.integer("ISTHMUS_PHOTO_MAX_SIDE", 2048)
PHOTO_DECODERS = env.integer("ISTHMUS_PHOTO_DECODERS", 2)  # processes that read uploads, each of one web process
PHOTO_DECODE_S = env.number("ISTHMUS_PHOTO_DECODE_S", 20)  # then the photo is refused and its process ended
QUESTION_MAX_CHARS = 2000
HISTORY_ROWS = 200
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # larger uploads wait on disk
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("ISTHMUS_BODY_MAX_KB", 1024) * 1024  # JSON bodies; photos have a limit of their own
DATA_UPLOAD_MAX_NUMBER_FIELDS, DATA_UPLOAD_MAX_NUMBER_FILES = 500, 10
# Before a caller is known (webapp.gate), for each web process: open connections, websockets included, in all and from one
# address; seconds of silence, for all of a body, and for all of a photo; bytes of bodies held at once, of anybody and of
# people who are logged in.
GATE_CONNECTIONS = env.integer("ISTHMUS_CONNECTIONS", 900)
GATE_PEER_CONNECTIONS = env.integer("ISTHMUS_PEER_CONNECTIONS", 200)
GATE_IDLE_S = env.number("ISTHMUS_IDLE_S", 15)
GATE_BODY_S = env.number("ISTHMUS_BODY_S", 30)
GATE_UPLOAD_S = env.number("ISTHMUS_UPLOAD_S", 300)
GATE_BODIES_BYTES = env.integer("ISTHMUS_BODIES_MB", 64) * 1024 * 1024
GATE_UPLOADS_BYTES = env.integer("ISTHMUS_UPLOADS_MB", 256) * 1024 * 1024

# --- answering --------------------------------------------------------------------------------------------------------
PROFILE = env.choice("ISTHMUS_PROFILE", ("compact", "paper"))
TURN_DEADLINE_S = env.integer("ISTHMUS_TURN_DEADLINE", 60)  # from its start; what it waits before is not counted
TURN_WAIT_S = env.integer("ISTHMUS_TURN_WAIT", 600)
TURN_LIMIT = env.integer("ISTHMUS_TURN_LIMIT", 20)  # waiting or running, for each person without a limit of their own
TURNS_RUNNING = env.integer("ISTHMUS_TURNS_RUNNING", 4)  # of those, running at once
BATCH_PHOTOS = env.integer("ISTHMUS_BATCH_PHOTOS", 2000)  # of one batch
BATCH_TURNS = env.integer("ISTHMUS_BATCH_TURNS", 6)  # of one person's batches, answered at once
BATCH_TURNS_IN_ALL = env.integer("ISTHMUS_BATCH_TURNS_IN_ALL", 6)  # of everybody's; fewer than a worker has threads
RUNS_PER_PERSON = env.integer("ISTHMUS_RUNS_PER_PERSON", 5)  # training runs waiting or running
RUN_TURN_S = env.number("ISTHMUS_RUN_TURN_S", 300)  # then a run gives way after its round, if somebody else's waits
LEASE_S = 8  # after this long a killed cloud worker is noticed; a lease is renewed three times as often
MAX_ATTEMPTS = 3  # of a question whose worker crashes
MAX_LOSS = env.number("ISTHMUS_MAX_LOSS", 0.02)  # of the uncompressed model's accuracy, what `fastest` may give up
SEARCH = env.flag("ISTHMUS_SEARCH", True)  # whether photos get vectors, by which they can be found
REUSE_DAYS = env.integer("ISTHMUS_REUSE_DAYS", 30)  # an equal question about an equal photo gets its answer again; 0: never
CALL_DAYS = env.integer("ISTHMUS_CALL_DAYS", 90)  # that the log of model calls is stored
CALL_TEXTS = env.flag("ISTHMUS_CALL_TEXTS")  # whether the log has the questions, for administrators to read
# Of everybody without an allowance of their own; 0: no limit (inference.calls.measures).
ALLOWANCES = {
    "questions": env.integer("ISTHMUS_QUESTIONS_A_DAY", 0),
    "link_mb": env.number("ISTHMUS_LINK_MB_A_DAY", 0),
    "planner_tokens": env.integer("ISTHMUS_PLANNER_TOKENS_A_MONTH", 0),
    "planner_cost": env.number("ISTHMUS_PLANNER_COST_A_MONTH", 0),
}
KEEP_FEATURES_S = env.number("ISTHMUS_KEEP_FEATURES_S", 600)  # at the edge, for further questions about the same photo
PLANNER = {
    "base_url": env.text("ISTHMUS_PLANNER_URL"),
    "api_key": env.text("ISTHMUS_PLANNER_KEY"),
    "model": env.text("ISTHMUS_PLANNER_MODEL"),
    "azure_api_version": env.text("ISTHMUS_PLANNER_AZURE"),
    "price_in": env.number("ISTHMUS_PLANNER_PRICE_IN", 0),  # per million tokens, in any currency
    "price_out": env.number("ISTHMUS_PLANNER_PRICE_OUT", 0),
    "daily_limit": env.number("ISTHMUS_PLANNER_DAILY_LIMIT", 0),
    "compose": env.flag("ISTHMUS_PLANNER_COMPOSE"),
    "timeout_s": env.number("ISTHMUS_PLANNER_TIMEOUT_S", 8),  # for all calls about one question
    "max_tokens": env.integer("ISTHMUS_PLANNER_MAX_TOKENS", 2048),
    "skip_certain": env.flag("ISTHMUS_PLANNER_SKIP_CERTAIN"),
}

# --- nodes ------------------------------------------------------------------------------------------------------------
PUBLIC_URL = env.text("ISTHMUS_PUBLIC_URL", "http://127.0.0.1:8000")  # how a node reaches the web app
PUBLIC_CA = env.text("ISTHMUS_PUBLIC_CA")  # PEM of the authority behind an https:// PUBLIC_URL, where systems do not trust it
NODE_REDIS_HOST = env.text("ISTHMUS_NODE_REDIS_HOST")  # how a node reaches Redis, when not by the cloud's own name
NODE_REDIS_MB = env.integer("ISTHMUS_NODE_REDIS_MB", 128)  # what one node's keys may take in Redis
AGENT_UPDATES = env.choice("ISTHMUS_AGENT_UPDATES", ("ask", "off", "auto"))  # whether agents follow the server
AGENT_UPDATE_MINUTES = env.number("ISTHMUS_AGENT_UPDATE_MINUTES", 10)  # that updated nodes work before others follow
SAMPLE_DAYS = env.integer("ISTHMUS_SAMPLE_DAYS", 14)

# --- retention --------------------------------------------------------------------------------------------------------
KEEP_DAYS = env.days("ISTHMUS_KEEP_DAYS")  # defaults, by name of a kind (webapp.ops.retention.kinds)

# --- backups ----------------------------------------------------------------------------------------------------------
BACKUP_HOURS = env.number("ISTHMUS_BACKUP_HOURS", 0)  # between two that the clock makes; 0: none
BACKUP_DAILY = env.integer("ISTHMUS_BACKUP_DAILY", 7)  # days of which the newest one stays
BACKUP_WEEKLY = env.integer("ISTHMUS_BACKUP_WEEKLY", 4)  # weeks of which the newest one stays
BACKUP_RECIPIENT = env.text("ISTHMUS_BACKUP_RECIPIENT")  # public keys that backups are encrypted to
