# Needs Debian (or its like) with make, git and Python 3.11 or later with venv. Nothing else.

PYTHON ?= python3
# Each has a local AWS of its own; a file of tests is one worker's. 0 runs all in one process.
# Two cores are busy with four: half of a file's time it waits for what AWS takes its time for.
WORKERS ?= 4
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCAL := $(BIN)/python -m local
SAM := .local/environments/sam/bin/sam
RELEASE := .local/release
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
UNIT := tests/unit tests/local tests/demo tests/watch tests/tools tests/template tests/faults \
	-m "not long and not sam and not scanners"
CODE := $(wildcard functions cfn_mlflow_watch local demo tests tools bench cfn_lint_rules)

# Else each process would compile anew what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo local local-stop status env clean watch unit lifecycle test test-long coverage lint format generate locks sbom audit version publish bench

help:
	@printf 'make demo        a stack becomes an MLflow that a client logs to, on this machine (KEEP=1 leaves it running)\n'
	@printf 'make unit        the tests that start no local AWS, in about three minutes\n'
	@printf 'make lifecycle   the tests on the local AWS, and those of the local AWS itself\n'
	@printf 'make test        lint, types, import contracts and every test but the long ones\n'
	@printf 'make test-long   the long ones, whose figures go to docs/tested.md; before a release\n'
	@printf 'make coverage    which lines of functions/ the tests of `make unit` run\n'
	@printf 'make local       the local AWS with the provider deployed, its address in .local/env\n'
	@printf '                 (PORT=4566 chooses the port, MLFLOW=3.16.1 a further release)\n'
	@printf 'make status      whether it runs, its stacks, where MLflow is for a browser, the disk taken\n'
	@printf 'make env         its address for a shell: eval "$$(make env)"\n'
	@printf 'make local-stop  end it\n'
	@printf 'make clean       end it, and give back the disk that all of this has taken\n'
	@printf 'make watch       a stack as it is made, changed or deleted, and what it waits for (STACK=name)\n'
	@printf 'make lint        ruff, mypy --strict, import contracts\n'
	@printf 'make format      let ruff write the code as it should be\n'
	@printf 'make generate    write schemas, tables and drawings anew, after a change of properties or codes\n'
	@printf 'make locks       write what is installed from, after a change of a requirements file\n'
	@printf 'make sbom        write what the functions are made of, in CycloneDX form, to .local/release\n'
	@printf 'make audit       ask which packages of the lock files have known vulnerabilities\n'
	@printf '                 (MUST_ANSWER=1 fails where no advisories can be had)\n'
	@printf 'make version     the version of the project (TAG=v0.1.0 fails if it is another)\n'
	@printf 'make publish     publish what `make sbom` built to the Serverless Application Repository\n'
	@printf 'make bench       measure against the budgets\n'

demo: $(READY)
	@KEEP=$(KEEP) $(BIN)/python -m demo

local: $(READY)
	@PORT="$(PORT)" MLFLOW="$(MLFLOW)" $(LOCAL) start

local-stop: $(READY)
	@$(LOCAL) stop

# 3 says that none runs: no fault here, as it is for a script.
status: $(READY)
	@$(LOCAL) status || test $$? -eq 3

env: $(READY)
	@$(LOCAL) env

clean:
	@if test -e $(READY) && test -d .local/run; then $(LOCAL) stop; fi
	@$(PYTHON) -m local.clean

# The local AWS that runs, unless the environment already says which account is meant.
watch: $(READY)
	@test -n "$(STACK)" || { printf 'Say which stack: make watch STACK=name\n' >&2; exit 2; }
	@if test -z "$$AWS_PROFILE$$AWS_DEFAULT_PROFILE$$AWS_ACCESS_KEY_ID$$AWS_ENDPOINT_URL" \
			&& local_env="$$($(LOCAL) env 2>/dev/null)"; then eval "$$local_env"; fi; \
		exec $(BIN)/python -m cfn_mlflow_watch $(STACK)

unit: $(READY)
	@$(PYTEST) $(UNIT)

lifecycle: $(READY)
	@$(PYTEST) tests/local_aws tests/lifecycle -m "not long"

test: lint
	@$(PYTEST) tests -m "not long"

test-long: $(READY)
	@$(PYTEST) tests -m long --junitxml=.local/tested.xml
	@$(BIN)/python -m tools.note_tested .local/tested.xml

coverage: $(READY)
	@$(PYTEST) $(UNIT) --cov --cov-report=term --cov-report=html

lint: $(READY)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy $(CODE)
	@PYTHONPATH=functions:. $(BIN)/lint-imports --no-logo --no-cache

format: $(READY)
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

# These tools need no network; a test compares what each writes.
GENERATORS := make_schemas make_docs_tables make_errors make_container_definition draw_architecture draw_rooms

generate: $(READY)
	@for each in $(GENERATORS); do PYTHONPATH=functions:. $(BIN)/python -m tools.$$each || exit; done

locks: $(READY)
	@PYTHONPATH=. $(BIN)/python tools/make_locks.py

sbom: $(READY)
	@PYTHONPATH=. $(BIN)/python -m tools.make_sbom

audit: $(READY)
	@PYTHONPATH=. $(BIN)/python -m tools.audit_dependencies $(if $(MUST_ANSWER),--must-answer)

# By the shell, not by make: the name of a tag is text, and may look like a command.
version: $(READY)
	@PYTHONPATH=. $(BIN)/python -m tools.version "$$TAG"

# Of the account and Region that the environment names; a workflow does it for a tag.
publish: $(READY)
	@test -f $(RELEASE)/build/template.yaml || { printf 'Run make sbom first: it builds what is published\n' >&2; exit 2; }
	@test -n "$$AWS_REGION" || { printf 'Say which Region: make publish AWS_REGION=name\n' >&2; exit 2; }
	@$(SAM) package --template-file $(RELEASE)/build/template.yaml --resolve-s3 \
		--output-template-file $(RELEASE)/packaged.yaml --region "$$AWS_REGION"
	@$(SAM) publish --template $(RELEASE)/packaged.yaml --region "$$AWS_REGION"

bench: $(READY)
	@$(BIN)/python -m bench

# A clone that was moved has programs that name the place where it was.
ifeq ($(shell grep -sF " $$(readlink -f $(VENV))" $(VENV)/pyvenv.cfg),)
$(READY): FORCE
endif
# Whoever says which Python means it, also where another has made it already.
ifneq ($(origin PYTHON),file)
$(READY): FORCE
endif
FORCE:

# Made of requirements.lock by local/install; a stamp of its own says whether it is whole.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { printf 'Python 3.11 or later is needed; say which with PYTHON=\n' >&2; exit 1; }
	@$(PYTHON) -m local.environments
	@touch $@
