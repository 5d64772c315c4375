#!/bin/sh
# A short load for redis-server: keys of several sizes, a snapshot by a forked child, and what makes its memory shrink.
set -e
redis-server --port 0 --unixsocket /tmp/redis --dir /tmp --save '' --daemonize no >/tmp/redis.log &
until redis-cli -s /tmp/redis ping >/dev/null 2>&1; do sleep 0.1; done
redis-benchmark -s /tmp/redis -q -n 300 -c 4 -r 1000 -d 3000 -t set,get,lpush,lpop >/dev/null
redis-cli -s /tmp/redis bgsave >/dev/null
redis-benchmark -s /tmp/redis -q -n 100 -c 4 -r 1000 -d 100 -t set >/dev/null
redis-cli -s /tmp/redis flushall >/dev/null
redis-cli -s /tmp/redis shutdown nosave
wait
