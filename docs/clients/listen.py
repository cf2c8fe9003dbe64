"""Print what affectstream publishes: listen.py ADDRESS [TOPIC] [SERVER.key CLIENT.key_secret]."""

import json
import sys

import zmq
import zmq.auth

SILENCE_MS = 5000  # five missed heartbeats: the publisher is gone


def main(address, topic="", server_key="", client_key=""):
    """Print topic and number of every message, and how many were missed."""
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.RCVTIMEO, SILENCE_MS)
    if server_key:
        socket.curve_serverkey = zmq.auth.load_certificate(server_key)[0]
        socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(client_key)
    for wanted in (topic, "affectstream/heartbeat"):
        socket.setsockopt_string(zmq.SUBSCRIBE, wanted)
    socket.connect(address)
    last = {}
    while True:
        message = json.loads(socket.recv().split(b" ", 1)[1])
        topic, seq = message["topic"], message["seq"]
        if seq <= last.get(topic, -1):
            continue  # the last value, sent again for somebody who joined later
        missed = seq - last.get(topic, seq - 1) - 1
        last[topic] = seq
        print(topic, seq, f"({missed} missed)" if missed else "", flush=True)
        if message["data"].get("state") == "ended":
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
