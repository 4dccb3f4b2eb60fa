import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';

/** One span as it was sent. */
export type ReceivedSpan = {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  attributes: Record<string, string>;
  links: { traceId: string; spanId: string }[];
  /** The whole span as JSON, for what must not stand anywhere in it. */
  text: string;
};

export type TraceReceiver = { url: string; spans: ReceivedSpan[]; close(): Promise<void> };

/** The part of OTLP's published messages that a span is made of. */
const { root } = protobuf.parse(`syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15;
}
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`);

type Pairs = { key: string; value: Record<string, unknown> }[] | undefined;
type Wire = {
  resourceSpans?: {
    resource?: { attributes?: Pairs };
    scopeSpans?: { spans?: WireSpan[] }[];
  }[];
};
type WireSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes?: Pairs;
  links?: { traceId: string; spanId: string }[];
};

/** Receives traces as a collector does, over OTLP/HTTP with protobuf, on loopback. */
export async function receiveTraces(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    const isTraces = request.method === 'POST' && request.url === '/v1/traces';
    if (isTraces) spans.push(...read(await bodyOf(request)));
    response.writeHead(isTraces ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function read(body: Buffer): ReceivedSpan[] {
  const type = root.lookupType('Request');
  const { resourceSpans = [] } = type.toObject(type.decode(body), { bytes: String, longs: String }) as Wire;
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const service = toRecord(resource?.attributes)['service.name'] ?? '';
    return scopeSpans
      .flatMap(({ spans = [] }) => spans)
      .map((span) => ({
        service,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId ?? ''),
        name: span.name,
        attributes: toRecord(span.attributes),
        links: (span.links ?? []).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        text: JSON.stringify(span),
      }));
  });
}

const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

function toRecord(pairs: Pairs): Record<string, string> {
  return Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, String(Object.values(value)[0])]));
}
