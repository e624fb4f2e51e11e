"""Settings, in the order of Django's documentation. Everything that differs by machine comes from `env`."""

from pathlib import Path

from csp.constants import NONE, SELF

from clinic import env

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"  # what a developer's machine keeps: the embedded database, a random secret

# Core
DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret_key(DEBUG, kept_in=LOCAL_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]" if DEBUG else "")
if not DEBUG and not ALLOWED_HOSTS:
    raise env.ConfigurationError("ALLOWED_HOSTS is missing: name the hosts, such as clinic.example")

INSTALLED_APPS = [
    "clinic",
    "conditions",
    "appointments",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "crispy_forms",
    "csp",
    "phonenumber_field",
    "pgtrigger",
    "pghistory",
]
MIDDLEWARE = [
    # First what every answer carries, files and refusals included.
    "clinic.middleware.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "clinic.middleware.cross_origin_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.middleware.language_of_the_address",
    "clinic.middleware.refuse_unusable_requests",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.staff_pages",
]
ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context_processors.clinic",
                "clinic.context_processors.canonical",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
PUBLIC_BODY_MAX_SIZE = 100_000  # bytes: the longest form that patients send is about a tenth of it
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes, on staff pages: an article as two people have edited it
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # a condition with its sections and forty sources has about 700 in the admin

# Databases
DATABASES = {"default": env.database(embedded_data_dir=LOCAL_DIR / "postgres")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Globalization. Stored in UTC; shown in the clinic's own zone (ClinicProfile.time_zone), by name.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]  # of the request journey; articles and staff pages are English
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

# Mail. Only clinic.outbox sends it; without a server it waits.
_server = env.mail_server("SMTP_URL")
EMAIL_HOST, EMAIL_PORT = _server.host, _server.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.user, _server.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _server.is_starttls, _server.is_tls
EMAIL_TIMEOUT = 20  # seconds, for each step of a conversation
DEFAULT_FROM_EMAIL = env.mail_from("MAIL_FROM", is_needed=bool(EMAIL_HOST))

# Static files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

WHITENOISE_ALLOW_ALL_ORIGINS = False

# Security. HTTPS is off only on a developer's machine.
HTTPS = env.boolean("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from inside the host, without TLS
BEHIND_TLS_PROXY = env.boolean("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600  # seconds
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = 28 * 24 * 3600  # seconds: phones end a session as they like, and still bring back its tabs
CSRF_FAILURE_VIEW = "appointments.views.refused.form_refused"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],  # no page of ours connects: a browser's own tools read robots.txt in a page's name
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = dict.fromkeys(
    (
        *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation"),
        *("gyroscope", "hid", "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer"),
        *("microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get"),
        *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    ),
    [],
)

# Authentication
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Invented people, for a developer's machine
DEMO_PASSWORD = env.text("DEMO_PASSWORD")
PORT = env.whole_number("PORT", default=8000, lowest=1, highest=65535)

# Links in mails: a mail has no request to learn the host from
_scheme, _host = ("https" if HTTPS else "http"), ALLOWED_HOSTS[0]
SITE_ADDRESS = env.site_address("SITE_ADDRESS", f"http://127.0.0.1:{PORT}" if DEBUG else f"{_scheme}://{_host}")

# Forms
CRISPY_ALLOWED_TEMPLATE_PACKS = ["clinic"]
CRISPY_TEMPLATE_PACK = "clinic"
PHONENUMBER_DEFAULT_REGION = "US"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"
PHONENUMBER_DB_FORMAT = "RFC3966"  # E164 would lose an extension
FORM_MINIMUM_SECONDS = 3  # from the safety check to Send: nobody reads and fills in the form faster
SENDING_IS_LIMITED = True  # by appointments.sending_limits
PRIVACY_VERSION = "2026-11-29"  # of the text that a patient agrees to: raise it when the privacy page changes

# Logging: to stderr, for the service manager to keep. Paths only: query strings and bodies never reach it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"secret_addresses": {"()": "clinic.secret_addresses.SecretAddresses"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secret_addresses"]}
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
