"""Settings of Isthmus. Everything that may differ between two installations comes from the environment (docs/settings.md)."""

from datetime import timedelta
from pathlib import Path

from devices.contract import log_lines
from webapp import env, languages
from webapp.redis_access import address
from webapp.settings.notices import *
from webapp.settings.product import *
from webapp.settings.tracing import *

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env.text("ISTHMUS_VAR", str(BASE_DIR / "var"))).resolve()

# --- safety -----------------------------------------------------------------------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY", VAR_DIR / "secrets" / "secret_key")
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.text_list("ISTHMUS_HOSTS", "localhost,127.0.0.1,[::1]")
# Behind a proxy that terminates TLS, the origin differs from what Django sees: list it here with its scheme.
CSRF_TRUSTED_ORIGINS = env.text_list("ISTHMUS_ORIGINS")
HTTPS = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("ISTHMUS_HTTPS")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Two installations on one host name (two ports) must not share a session cookie.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "isthmus_session", "isthmus_csrf"
# Browsers then refuse plain HTTP for so long. Sent over TLS only; whether a request came over TLS is what a proxy says.
SECURE_HSTS_SECONDS = env.integer("ISTHMUS_HSTS_S", 31536000) if HTTPS else 0
# Addresses, networks or host names of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed (webapp.gate.peers).
PROXIES = env.text_list("ISTHMUS_PROXIES")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "webapp.errors.csrf_failed"
# Django 5.2 has no built-in CSP. Plotly sets inline styles; nothing may run inline scripts or load from elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

# --- the application --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "webapp.accounts.admin_app.OwnersAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "ninja",
    "webapp",
    "webapp.accounts",
    "webapp.notices",
    "devices",
    "inference",
    "inference.search",
    "inference.batches",
    "inference.watches",
    "federation",
    "webapp.chat",
    "webapp.library",
    "webapp.ops.retention",
    "webapp.ops.backup",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "webapp.middleware.ContentSecurityPolicy",
    "django.middleware.locale.LocaleMiddleware",
    "webapp.errors.ErrorResponses",
    "webapp.middleware.StorableText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "webapp.accounts.middleware.AuditCaller",
    "webapp.accounts.middleware.SessionUse",
    "webapp.accounts.middleware.AccountLanguage",
    "webapp.accounts.middleware.OwnerFirst",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "webapp.accounts.middleware.SecondFactorFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF, ASGI_APPLICATION = "webapp.urls", "webapp.asgi.application"
_CONTEXT = [f"django.contrib.{app}.context_processors.{app}" for app in ("auth", "messages")]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", *_CONTEXT],
            "builtins": ["django.templatetags.i18n", "webapp.templatetags.languages"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ, TIME_ZONE = True, "UTC"
LANGUAGE_CODE, LANGUAGES, LOCALE_PATHS = languages.SOURCE, languages.available(), [languages.FOLDER]
LANGUAGE_COOKIE_NAME, LANGUAGE_COOKIE_AGE = "isthmus_language", 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE, LANGUAGE_COOKIE_SECURE = "Lax", HTTPS

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "login", "chat", "login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Failed logins (webapp.accounts.lockout): by account and address, so that nobody can be locked out from everywhere.
AXES_HANDLER = "webapp.accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = env.integer("ISTHMUS_LOGIN_FAILURES", 5)
AXES_COOLOFF_TIME = timedelta(minutes=env.integer("ISTHMUS_LOCKOUT_MINUTES", 15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "webapp.accounts.lockout.response"
AXES_CLIENT_IP_CALLABLE = "webapp.accounts.lockout.counted_address"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # the audit trail has the logins
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_RESET_TIMEOUT = 24 * 3600  # of a link to a new password; it works once
INVITATION_DAYS = 7
OTP_TOTP_ISSUER = "Isthmus"
AUDIT_DAYS = env.integer("ISTHMUS_AUDIT_DAYS", 365)
# Without a mail server, an owner hands out links to new passwords.
EMAIL_HOST = env.text("ISTHMUS_EMAIL_HOST")
EMAIL_PORT = env.integer("ISTHMUS_EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("ISTHMUS_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("ISTHMUS_EMAIL_PASSWORD")
EMAIL_SECURITY = env.choice("ISTHMUS_EMAIL_SECURITY", ("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
DEFAULT_FROM_EMAIL = env.text("ISTHMUS_EMAIL_FROM") or EMAIL_HOST_USER
EMAIL_SUBJECT_PREFIX, EMAIL_TIMEOUT = "", 10
# Printed by `up`; needed to create the first account.
SETUP_TOKEN = env.secret("ISTHMUS_SETUP_TOKEN", VAR_DIR / "secrets" / "setup_token", length=12)

# In memory, for what each web process counts for itself: requests a second, wrong guesses.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}

# --- database ---------------------------------------------------------------------------------------------------------
POSTGRES = env.text("POSTGRES_HOST")
if POSTGRES:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": POSTGRES,
            "PORT": env.text("POSTGRES_PORT", "5432"),
            "NAME": env.text("POSTGRES_DB", "isthmus"),
            "USER": env.text("POSTGRES_USER", "isthmus"),
            "PASSWORD": env.text("POSTGRES_PASSWORD"),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "isthmus.sqlite3",
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                # Readers do not wait for the writer. A commit survives a crash of the process, not a power failure.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                # Take the write lock at BEGIN: upgrading a read lock inside a transaction fails without waiting.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
            },
        }
    }

# --- Redis: the queue, the node credentials, the sockets --------------------------------------------------------------
REDIS_URL_FILE = VAR_DIR / "run" / "redis_url"  # written by `up` for its own private Redis
_started = REDIS_URL_FILE.read_text().strip() if REDIS_URL_FILE.exists() else "redis://127.0.0.1:6379/0"
REDIS_URL = env.text("REDIS_URL") or _started
# RedisChannelLayer silently lost four of five group sends to a busy consumer; the pub/sub layer lost none.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [address.channel_host(REDIS_URL)]},
    }
}

# --- files ------------------------------------------------------------------------------------------------------------
STATIC_URL, STATIC_ROOT = "static/", VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
DJANGO_FINDERS = [f"django.contrib.staticfiles.finders.{name}Finder" for name in ("FileSystem", "AppDirectories")]
STATICFILES_FINDERS = [*DJANGO_FINDERS, "webapp.plotly_file.PlotlyFinder"]
WHITENOISE_USE_FINDERS = True  # serve from the source folders, without collectstatic
PHOTO_DIR, BUNDLES_DIR = VAR_DIR / "photos", Path(env.text("ISTHMUS_BUNDLES") or VAR_DIR / "bundles").resolve()
BACKUP_DIR = Path(env.text("ISTHMUS_BACKUP_DIR") or VAR_DIR / "backups").resolve()

# --- metrics ----------------------------------------------------------------------------------------------------------
METRICS = env.flag("ISTHMUS_METRICS", True)
METRICS_TOKEN = env.secret("ISTHMUS_METRICS_TOKEN", VAR_DIR / "secrets" / "metrics_token", length=32)
METRICS_NETWORKS = env.networks("ISTHMUS_METRICS_NETWORKS")  # whose addresses need no token
METRICS_NODES = env.integer("ISTHMUS_METRICS_NODES", 1000)  # that have series of their own

# --- log ---------------------------------------------------------------------------------------------------------------
_IN_JSON = LOG_FORMAT == "json"
# By itself uvicorn writes lines for people. Of requests none are written: an address may hold what somebody searches for.
_UVICORN = {
    "uvicorn": {"handlers": ["console"], "propagate": False, "level": "WARNING"},
    "uvicorn.access": {"handlers": [], "propagate": False},
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": log_lines.JsonLines} if _IN_JSON else {"format": log_lines.LINE}},
    # `up` polls readiness twice a second while it starts; a 503 is no error then.
    "filters": {"readiness": {"()": "django.utils.log.CallbackFilter", "callback": lambda r: "/healthz" not in r.getMessage()}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["readiness"]}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("httpx", "httpx2", "mcp")}
    | {"axes": {"level": "ERROR"}, "opentelemetry": {"level": "CRITICAL"}}  # webapp.ops.traces says it once
    | ({**_UVICORN, log_lines.EACH_QUESTION: {"level": "DEBUG"}} if _IN_JSON else {}),
}
