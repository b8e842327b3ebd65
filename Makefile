# Two commands: `make run` starts the demo, `make test` runs every check and test.
# Both build with the dev profile, so that they share one build of the dependencies.

SHELL := /bin/bash
# Port of the demo: make run PORT=9000
PORT ?= 8080
export PORT

.PHONY: help run test console fmt web clippy unit docs leftovers browser clean-demo

help:
	@echo 'make run          build, load the demo archive, serve it on 127.0.0.1:$(PORT) (another port: make run PORT=9000)'
	@echo 'make test         every check and test'
	@echo 'make console      build the console (web/dist); `make run` does it, too'
	@echo 'make clean-demo   delete the demo installation (.demo/)'
	@echo 'single gates:     make leftovers | fmt | web | unit | clippy | docs | browser'

run:
	@scripts/check-tools.sh
	@scripts/build-console.sh
	@echo '== building (the first time takes some minutes, most of it for dependencies)'
	cargo build --locked
	@scripts/run-demo.sh

console:
	@scripts/build-console.sh

# Cheap gates first: a slip is told in seconds, not behind the build. The console before the program, which embeds it.
test:
	@scripts/check-tools.sh clippy rustfmt postgresql
	@scripts/gate.sh leftovers
	@scripts/gate.sh fmt
	@scripts/gate.sh web
	@scripts/gate.sh unit
	@scripts/gate.sh browser
	@scripts/gate.sh clippy
	@scripts/gate.sh docs
	@echo '== every gate passed'

leftovers fmt web unit clippy docs browser:
	@scripts/gate.sh $@

clean-demo:
	@scripts/run-demo.sh --delete
