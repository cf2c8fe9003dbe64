"""Print what affectstream publishes: listen.py ADDRESS [TOPIC] [SERVER.key CLIENT.key_secret]."""

import json
import sys

import zmq
import zmq.auth

address, topic, server, client = (*sys.argv[1:], "", "", "")[:4]
socket = zmq.Context().socket(zmq.SUB)
if server:
    socket.curve_serverkey = zmq.auth.load_certificate(server)[0]
    socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(client)
for wanted in (topic, "affectstream/heartbeat"):
    socket.subscribe(wanted)
socket.connect(address)
last, state = {}, ""
while state != "ended":
    if not socket.poll(5000):
        sys.exit("no heartbeat for 5 s: nobody publishes there, or the keys are wrong")
    message = json.loads(socket.recv().split(b" ", 1)[1])
    topic, seq, state = message["topic"], message["seq"], message["data"].get("state")
    before = last.get((message["run"], topic))
    if before is None or seq > before:  # else the last value, sent again for a later joiner
        missed = 0 if before is None else seq - before - 1
        print(topic, seq, f"({missed} missed)" if missed else "", flush=True)
        last[message["run"], topic] = seq
