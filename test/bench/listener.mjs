// Accepts connections and closes them; prints how many, every 100 ms.
import { createServer } from "node:net";

let accepted = 0;
createServer((socket) => {
  accepted++;
  socket.on("error", () => {});
  socket.destroy();
}).listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
setInterval(() => process.stdout.write(`${accepted}\n`), 100);
