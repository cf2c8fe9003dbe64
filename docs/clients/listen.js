// Print what affectstream publishes: node listen.js HOST PORT [TOPIC]. Plain Node, no packages:
// ZMTP 3.0 without keys, enough for a loopback address; the package `zeromq` knows CURVE too.
const net = require("net");
const [host, port, topic = ""] = process.argv.slice(2);
const frame = (flags, body) => Buffer.concat([Buffer.from([flags, body.length]), body]);
const signature = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
const greeting = Buffer.concat([signature, Buffer.from("NULL".padEnd(52, "\0"))]);
const ready = Buffer.from("\x05READY\x0bSocket-Type\0\0\0\x03SUB");
const socket = net.connect(port, host, () => socket.write(greeting));
let bytes = Buffer.alloc(0), greeted = false;
const last = {};
function take(message) {
  const { topic, seq, data } = JSON.parse(message.subarray(message.indexOf(32) + 1));
  if (seq <= (last[topic] ?? -1)) return; // the last value, sent again for a later joiner
  const missed = topic in last ? seq - last[topic] - 1 : 0;
  last[topic] = seq;
  console.log(topic, seq, missed ? `(${missed} missed)` : "");
  if (data.state === "ended") socket.end();
}
socket.on("data", (chunk) => {
  bytes = Buffer.concat([bytes, chunk]);
  if (!greeted && bytes.length >= 64) {
    bytes = bytes.subarray(64), greeted = true;
    socket.write(frame(4, ready));
    for (const name of [topic, "affectstream/heartbeat"]) socket.write(frame(0, Buffer.from("\x01" + name)));
  }
  while (greeted && bytes.length > 1) {
    const [flags] = bytes, head = flags & 2 ? 9 : 2;
    if (bytes.length < head) return;
    const size = flags & 2 ? Number(bytes.readBigUInt64BE(1)) : bytes[1];
    if (bytes.length < head + size) return;
    if (!(flags & 4)) take(bytes.subarray(head, head + size));
    bytes = bytes.subarray(head + size);
  }
});
