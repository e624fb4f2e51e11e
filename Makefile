# The commands of this project. All of them work in a fresh clone, with nothing but Python, git and make.

PYTHON ?= python3
# Processes that share the tests; each has a database and a browser of its own.
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin/python
CODE := manage.py clinic conditions appointments tests bench

.DEFAULT_GOAL := help
.PHONY: help run test check fix messages lock drill-requests bench venv packages dev-packages
.SILENT:

help:
	echo "make run      serve the site and its demo on this machine, with a database of its own"
	echo "make test     run all tests; ARGS='-k name' runs some"
	echo "make check    lint, types, migrations, deployment settings; changes nothing"
	echo "make fix      put in order what a program can"
	echo "make drill-requests   patients send while servers die; prints what was lost and doubled: nothing"
	echo "make bench    how fast requests are sent, and the queue answers at a million, beside stock Django"
	echo "make messages bring the Spanish up to date with what is marked for translation, and list what has none"
	echo "make lock     compile requirements.txt and requirements-dev.txt again; ARGS=--upgrade raises versions"

# exec: the process that make waits for is the server itself, so that it gets what make is told to stop by.
run: packages
	$(read_env_file); export DEBUG="$${DEBUG:-true}"; exec $(BIN) manage.py start

test: dev-packages
	$(BIN) -m tests.programs
	$(BIN) -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

check: dev-packages
	$(BIN) -m ruff check $(CODE)
	$(BIN) -m ruff format --check --quiet $(CODE) || { echo "clinic: not formatted: make fix" >&2; exit 1; }
	$(in_production) -m mypy $(CODE)
	$(BIN) -m djlint --lint --quiet templates
	$(in_production) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(in_production) manage.py check --deploy --fail-level WARNING

fix: dev-packages
	$(BIN) -m ruff check --fix $(CODE)
	$(BIN) -m ruff format $(CODE)

messages: dev-packages
	$(BIN) -m tests.messages

lock: dev-packages
	$(compile) requirements.in --output-file requirements.txt $(ARGS)
	$(compile) requirements-dev.in --output-file requirements-dev.txt $(ARGS)

drill-requests: dev-packages
	$(BIN) -m bench.drill_requests $(ARGS)

bench: dev-packages
	$(BIN) -m bench.rates $(ARGS); rates=$$?; $(BIN) -m bench.queue && exit $$rates

# A virtual environment that was left half made is made again.
venv:
	$(BIN) -c "import pip" 2>/dev/null || { $(find_python); $(PYTHON) -m venv --clear $(VENV); }

packages: venv
	$(call install,requirements.txt)

dev-packages: venv
	$(call install,requirements-dev.txt)


# pip runs only when the lock file is not the one that was installed last.
define install
cmp -s $(1) $(VENV)/$(1) || { \
	echo "Installing the packages of $(1)." && \
	$(BIN) -m pip install -qq --disable-pip-version-check --no-input --require-hashes --requirement $(1) && \
	cp $(1) $(VENV)/$(1); }
endef

define find_python
command -v $(PYTHON) >/dev/null || { \
	echo "clinic: Python 3.11 or newer is needed, and there is no $(PYTHON)" >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "clinic: Python 3.11 or newer is needed, this is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }; \
$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	echo "clinic: $(PYTHON) has no venv module: install it, on Debian as python3-venv" >&2; exit 1; }
endef

# Lines of NAME=value, taken as they stand: nothing is evaluated. What the environment says already counts more.
define read_env_file
number=0; \
[ ! -f .env ] || while IFS= read -r line || [ -n "$$line" ]; do \
	number=$$((number + 1)); \
	case "$$line" in ""|"#"*) continue;; esac; \
	name="$${line%%=*}"; \
	case "$$name" in "$$line"|""|[0-9]*|*[!A-Za-z0-9_]*) \
		echo "clinic: .env: line $$number is not NAME=value" >&2; exit 1;; esac; \
	eval "given=\$${$$name+given}"; \
	[ -n "$$given" ] || export "$$name=$${line#*=}"; \
done < .env
endef

# The settings of a production server, with no secret of anybody's, and a database that cannot be reached:
# these checks must not need one.
define in_production
DEBUG=false HTTPS=true ALLOWED_HOSTS=clinic.example DATABASE_URL=postgresql://nobody@127.0.0.1:1/none \
SMTP_URL=smtp+starttls://127.0.0.1:1 MAIL_FROM=clinic@clinic.example \
SECRET_KEY="$$($(BIN) -c 'import secrets; print(secrets.token_urlsafe(64))')" $(BIN)
endef

# The index that pip uses here is nobody else's business: it stays out of the locks.
define compile
$(BIN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
endef
