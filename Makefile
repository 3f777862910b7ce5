# Tributary: `make run` and `make test` do all the set-up themselves. Settings: see .env.example.
.DEFAULT_GOAL := help
.PHONY: translations
.PHONY: help run setup test test-matrix check check-types check-migrations check-style check-imports check-front-end bench clean

# what is compiled once is kept, whatever the machine says elsewhere: processes start faster, tests start many
export PYTHONDONTWRITEBYTECODE :=

# the first Python on PATH that is new enough; PYTHON=/path/to/python chooses another
PYTHON ?=
define SET_UP
python=; \
for candidate in $(if $(PYTHON),'$(PYTHON)',python3 python3.13 python3.12 python3.11 python3.14); do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then echo 'Tributary needs Python 3.11 or newer (python3): install it, or name one with PYTHON=/path/to/python.' >&2; exit 2; fi; \
"$$python" -m workers.setup
endef

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /  make \1	/'
	@echo '  TORCH=cpu takes the CPU-only build of torch, PORT=8001 another port, DEMO=0 an empty workspace.'

run: ## set everything up and start it (Ctrl-C stops it)
	@$(SET_UP) --torch='$(TORCH)' run && exec .venv/bin/python -m workers.runner --follow-parent

setup: ## set everything up for development, without starting it
	@$(SET_UP) --torch='$(TORCH)' test

test: setup ## set everything up, then run every check and every test
	@$(MAKE) --no-print-directory check
	.venv/bin/python -m pytest -n 3 --dist worksteal

# a real homeserver in an environment of its own (AGPL: only talked to, never a dependency)
test-matrix: setup
	test -x var/synapse/bin/python || { .venv/bin/python -m venv var/synapse && var/synapse/bin/pip install -q 'matrix-synapse==1.163.2'; }
	.venv/bin/python -m pytest tests/connectors/synapse_check.py -n 0

# the parts run side by side; what each says stays together where make can keep it so, and all of them are heard
check: ## style, types, import contracts, migrations, front-end types
	@$(MAKE) --no-print-directory -k -j 3 $(if $(filter output-sync,$(.FEATURES)),-Otarget) \
		check-types check-migrations check-style check-imports check-front-end

check-types:
	.venv/bin/mypy

check-migrations:
	.venv/bin/python -m workers.embedded sh -c 'alembic upgrade head && alembic check'

check-style:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

check-imports:
	.venv/bin/lint-imports

check-front-end:
	.venv/bin/python -m workers.setup npm run --silent check

translations: ## gather marked words into the .po files, compile and check them (PART=one of them)
	.venv/bin/python -m workers.translations update $(PART)
	.venv/bin/python -m workers.translations compile
	.venv/bin/python -m workers.translations check $(PART)

bench: ## run the benchmarks (NAME=one of them)
	.venv/bin/python -m bench $(NAME)

clean: ## remove what was installed and built; var/ (your data) stays
	rm -rf .venv node_modules app/static/dist .setup .mypy_cache .ruff_cache .import_linter_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
