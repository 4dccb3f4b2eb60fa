import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { BlockedRequest, SiteProxy } from '../open-site.ts';

/** A small filtering proxy: only the given loopback ports may be reached, under whatever name. */
export function testProxy(allowedPorts: () => number[], limitBytes = Infinity): () => Promise<SiteProxy> {
  return async () => {
    const blocked: BlockedRequest[] = [];
    let bytes = 0;
    const sockets = new Set<Socket>();
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
    };
    const allows = (port: number, url: string): boolean => {
      if (allowedPorts().includes(port)) return true;
      blocked.push({ url, reason: 'the address is private.' });
      return false;
    };
    const server: Server = createServer((req, res) => {
      const url = new URL(req.url ?? '');
      if (!allows(Number(url.port || 80), url.href)) return void res.writeHead(403).end('refused');
      const target = { host: '127.0.0.1', port: url.port, path: url.pathname + url.search };
      const upstream = request({ ...target, method: req.method, headers: req.headers }, (answer) => {
        answer.on('data', count);
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      upstream.on('error', () => res.destroy());
      res.on('close', () => upstream.destroy());
      req.pipe(upstream);
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    });
    server.on('connect', (req, socket) => {
      const port = Number(req.url?.split(':').at(-1));
      if (!allows(port, req.url ?? '')) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('data', count).on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      blocked: () => blocked,
      overLimit: () => bytes > limitBytes,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  };
}
