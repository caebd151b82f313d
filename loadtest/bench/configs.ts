// Configurations of what the router is measured against: one worker or thread each, kept connections, no access log.

const COMMON =
  'keepalive_requests 100000000; keepalive_timeout 600s; default_type application/json;'

const nginx = (folder: string, http: string): string =>
  `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; ${COMMON}
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  ${http}
}
`

/** One fixed answer to whatever is asked: the upstream that costs least, and the direct arm. */
export const nginxAnswer = (folder: string, port: number, answer: string): string =>
  nginx(folder, `server { listen 127.0.0.1:${port}; location / { return 200 '${answer}'; } }`)

export const nginxProxy = (folder: string, port: number, upstream: number): string =>
  nginx(
    folder,
    `upstream tools { server 127.0.0.1:${upstream}; keepalive 512; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://tools; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`,
  )

/** `publicKeyFile`: the token of every request is verified (ES256), and the request refused where it fails. */
export const haproxy = (port: number, upstream: number, publicKeyFile?: string): string =>
  `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 2s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
frontend callers
  bind 127.0.0.1:${port}
${publicKeyFile === undefined ? '' : verify(publicKeyFile)}  default_backend tools
backend tools
  http-reuse always
  server one 127.0.0.1:${upstream}
`

const verify = (publicKeyFile: string): string =>
  `  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${publicKeyFile}") 1 }
`

/** The router's documents: one replica, asked by a plain GET, since nginx speaks no MCP. */
export const policies = (upstream: number): string => `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: search }
spec:
  discovery: { endpoints: ['http://127.0.0.1:${upstream}/mcp'] }
  eras: [modern]
  health: { path: /healthz }
  connections: { perEndpoint: 512 }
---
apiVersion: ringmain.dev/v1
kind: VirtualServer
metadata: { name: default }
spec: { clusters: [search] }
`
