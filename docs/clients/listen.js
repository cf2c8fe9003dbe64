// Print what affectstream publishes: node listen.js HOST PORT [TOPIC]. Plain Node, no packages:
// ZMTP 3.0 without keys, enough for a loopback address; the package `zeromq` knows CURVE too.
const [host, port, wanted = ""] = process.argv.slice(2);
const raw = (text) => Buffer.from(text, "latin1");
const frame = (flags, text) => raw(String.fromCharCode(flags, text.length) + text);
const greeting = "\xff" + "\0".repeat(7) + "\x01\x7f\x03\0" + "NULL".padEnd(52, "\0");
const socket = require("net").connect(port, host, () => socket.write(raw(greeting)));
let bytes = Buffer.alloc(0), greeted = false, last = {};
function take(message) {
  const { run, topic, seq, data } = JSON.parse(message.subarray(message.indexOf(32) + 1));
  const key = `${run} ${topic}`, missed = key in last ? seq - last[key] - 1 : 0;
  if (missed < 0) return; // the last value, sent again for a later joiner
  last[key] = seq;
  console.log(topic, seq, missed ? `(${missed} missed)` : "");
  if (data.state === "ended") socket.end();
}
socket.on("data", (chunk) => {
  bytes = Buffer.concat([bytes, chunk]);
  if (!greeted && bytes.length >= 64) {
    [bytes, greeted] = [bytes.subarray(64), true];
    socket.write(frame(4, "\x05READY\x0bSocket-Type\0\0\0\x03SUB"));
    for (const topic of [wanted, "affectstream/heartbeat"]) socket.write(frame(0, "\x01" + topic));
  }
  for (let head, size; greeted && bytes.length >= (head = bytes[0] & 2 ? 9 : 2); ) {
    size = head === 9 ? Number(bytes.readBigUInt64BE(1)) : bytes[1];
    if (bytes.length < head + size) return;
    if (!(bytes[0] & 4)) take(bytes.subarray(head, head + size));
    bytes = bytes.subarray(head + size);
  }
});
