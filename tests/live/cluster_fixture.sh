#!/usr/bin/env bash
# ctest's fixture: the cluster a version's live tests run against.
#   cluster_fixture.sh up|down RMQHA BROKERS STATE_FOLDER VERSION
set -euo pipefail
action=$1 rmqha=$2 brokers=$3 state=$4 version=$5
export XDG_STATE_HOME=$state XDG_CONFIG_HOME=$state/config
mkdir -p "$state"
down() { "$rmqha" cluster down --name "test-$version" </dev/null; }
case $action in
up)
    # Left by a run that was killed.
    if [ -e "$state/rmqha/clusters/test-$version" ]; then down; fi
    read -r -a server < <("$brokers" "$version")
    "$rmqha" cluster up --name "test-$version" --wait 10m "${server[@]}" </dev/null
    ;;
down) down ;;
esac
