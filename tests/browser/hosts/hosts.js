// Stand-ins of the sites around the widget and the adapters, each on a port and so an origin of its own. They speak the desks' protocols;
// of the SDKs they serve the real ones, from their packages.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const installed = createRequire(import.meta.url);
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };

/** Serves this folder's files, and `routes` by their paths: functions of the request's body that answer with JSON or `{ status, … }`. */
async function serve(routes = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    const body = await new Promise((resolve) => {
      let text = "";
      request.on("data", (piece) => (text += piece));
      request.on("end", () => resolve(text));
    });
    // The adapters' pages ask from Riposte's origin, with the agent's cookie for this site.
    const { origin } = request.headers;
    if (origin) response.setHeader("Access-Control-Allow-Origin", origin).setHeader("Access-Control-Allow-Credentials", "true").setHeader("Access-Control-Allow-Headers", "content-type");
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    if (pathname === "/favicon.ico") return response.writeHead(204).end();
    const route = routes[pathname];
    if (route) {
      const { status = 200, type = "application/json", answer } = await route(body);
      return response.writeHead(status, { "content-type": type }).end(typeof answer === "string" ? answer : JSON.stringify(answer));
    }
    const type = TYPES[path.extname(pathname)];
    const file = type && (await readFile(path.join(here, path.basename(pathname))).catch(() => null));
    return file ? response.writeHead(200, { "content-type": type }).end(file) : response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Zendesk's SDK as one script: its package holds modules, its address one file. */
async function zendeskSdk() {
  const folder = path.dirname(installed.resolve("zendesk_app_framework_sdk"));
  const module = async (name) => `${JSON.stringify(`./${name}`)}: function (module, exports, require) {${await readFile(path.join(folder, `${name}.js`), "utf8")}\n}`;
  const modules = await Promise.all(["utils", "client", "index"].map(module));
  return `(function () {
  var made = {}, modules = {${modules.join(",\n")}};
  function require(name) {
    if (!made[name]) { made[name] = { exports: {} }; modules[name](made[name], made[name].exports, require); }
    return made[name].exports;
  }
  window.ZAFClient = require("./index");
})();`;
}

const wecomSdk = () => readFile(path.join(path.dirname(installed.resolve("@wecom/jssdk/package.json")), "dist/wecom.global.prod.js"), "utf8");
const script = (make) => async () => ({ type: TYPES[".js"], answer: await make() });

/**
 * All of them. `state` is what tests change: the token that is given out (and the first one, where it differs), how often one was asked for, whether the agent is signed in at the
 * desk's server, and the conversation that it knows.
 */
export async function startHosts() {
  const state = { token: "", tokens: 0, signedIn: true, conversation: null, proxied: [], pages: {} };
  const session = (more) => () => {
    if (!state.signedIn) return { status: 401, answer: { sign_in: `${state.signInAt}/sign-in` } };
    state.tokens += 1;
    return { answer: { token: state.token, desk: "demo-shop", ...more() } };
  };
  const signature = { timestamp: 1_700_000_000, nonce_str: "nonce", signature: "0".repeat(40) };
  const hosts = {
    chatwoot: await serve(),
    zendesk: await serve({
      "/sdk.js": script(zendeskSdk),
      // Zendesk's proxy: puts the secret setting in and asks the address itself.
      "/proxy": async (body) => {
        const asked = JSON.parse(body);
        state.proxied.push(asked);
        state.tokens += 1;
        const sound = asked.secure === true && asked.headers.Authorization === "Bearer {{setting.api_key}}" && new URL(asked.url).pathname === "/v1/widget-tokens";
        return sound ? { answer: { token: state.token } } : { status: 400, answer: { error: "not what the manifest allows" } };
      },
    }),
    wecom: await serve({ "/sdk.js": script(wecomSdk) }),
    // The customer's own server, for Chatwoot and WeCom.
    own: await serve({
      "/riposte/session": session(() => ({ corp_id: "wwEXAMPLE", agent_id: 1000002, config: signature, agent_config: signature, conversations: state.conversation !== null })),
      "/riposte/conversation": () => ({ answer: state.conversation }),
      "/riposte-token": () => {
        state.tokens += 1;
        return { answer: { token: state.tokens === 1 ? (state.firstToken ?? state.token) : state.token } };
      },
      "/desk.html": async () => ({ type: TYPES[".html"], answer: state.pages.desk }),
    }),
    stranger: await serve(),
  };
  state.signInAt = hosts.own.origin;
  return { ...hosts, state, origins: Object.values(hosts).map((host) => host.origin), stop: () => Promise.all(Object.values(hosts).map((host) => host.stop())) };
}

/** Settings of the program that let these sites in. */
export const settingsFor = (hosts) => [
  `widget.origins=${hosts.own.origin}`,
  "adapters.chatwoot.enabled=true",
  `adapters.chatwoot.origins=${hosts.chatwoot.origin}`,
  `adapters.chatwoot.server_url=${hosts.own.origin}/riposte`,
  "adapters.zendesk.enabled=true",
  `adapters.zendesk.origins=${hosts.zendesk.origin}`,
  `adapters.zendesk.sdk_url=${hosts.zendesk.origin}/sdk.js`,
  "adapters.wecom.enabled=true",
  `adapters.wecom.origins=${hosts.wecom.origin}`,
  `adapters.wecom.sdk_url=${hosts.wecom.origin}/sdk.js`,
  `adapters.wecom.server_url=${hosts.own.origin}/riposte`,
];

/** How WeCom's own browser names itself; its SDK does nothing elsewhere. */
export const WECOM_BROWSER = "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Safari/537.36 wxwork/4.1.36 MicroMessenger/7.0.1 Language/zh";

/** Puts WeCom's bridge into every page of a context, as its client does. What was called stands in `window.bridged`. */
export function installBridge(context, { entry = "single_chat_tools" } = {}) {
  return context.addInitScript((given) => {
    const answers = {
      agentConfig: () => ({}),
      preVerifyJSAPI: () => ({}),
      getContext: () => ({ entry: given }),
      getCurExternalContact: () => ({ userId: "wmEXAMPLE01" }),
      sendChatMessage: ({ msgtype, text }) => {
        window.parent.postMessage({ sent: msgtype === "text" ? text.content : "" }, "*");
        return {};
      },
    };
    window.bridged = [];
    window.WeixinJSBridge = {
      on: () => undefined,
      invoke: (name, parameters, answer) => {
        window.bridged.push({ name, parameters });
        const made = answers[name];
        setTimeout(() => answer(made ? { err_msg: `${name}:ok`, ...made(parameters) } : { err_msg: `${name}:function not exist` }));
      },
    };
  }, entry);
}
