// Bodies that no honest client sends, as [what, text or bytes].
import { MSG_UP, OFFLINE, ONLINE, PUBLISH, UNPUBLISH } from './raw_client.mjs';

const depth = 100_000;
const huge = '9'.repeat(400);

const nestedArrays = '['.repeat(depth) + ']'.repeat(depth);
const nestedObjects = '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
const values = ['null', 'true', '0', '-1', '1e999', huge, '""', '"text"', '[]', '[null]', '{}', '{"data":7}'];

const body = (action, data) => `{"action":${action},"data":${data}}`;
const quoted = (action) => JSON.stringify(action);

/** Every registration and message action with `data` of every kind. */
export const wrongData = [ONLINE, OFFLINE, PUBLISH, UNPUBLISH, MSG_UP].flatMap((action) => [
  [`${action} without data`, `{"action":"${action}"}`],
  ...values.map((value) => [`${action} with data ${value.slice(0, 12)}`, body(quoted(action), value)]),
]);

const toItself = {
  remote: '{"processName":"attacker"}',
  needReply: 'true',
  broadcast: 'false',
  timeout: '50',
};

/** Messages one of whose fields is of every kind. */
export const wrongFields = ['remote', 'host', 'broadcast', 'needReply', 'timeout', 'action', 'data'].flatMap(
  (field) =>
    values.map((value) => {
      const members = Object.entries({ ...toItself, [field]: value }).map(
        ([key, text]) => `"${key}":${text}`,
      );
      return [`MSG_UP with ${field} ${value.slice(0, 12)}`, body(quoted(MSG_UP), `{${members}}`)];
    }),
);

export const wrongSelectors = [ONLINE, PUBLISH, UNPUBLISH].flatMap((action) =>
  values
    .flatMap((value) => [value, `{"objectName":${value}}`, `{"clientId":${value},"pid":${value}}`])
    .map((selector) => [
      `${action} of ${selector.slice(0, 24)}`,
      body(quoted(action), action === ONLINE ? `{"host":${selector}}` : `{"data":{"selector":${selector}}}`),
    ]),
);

export const wrongActions = [
  'null',
  '7',
  '[]',
  '{}',
  '""',
  '"__proto__"',
  '"\\u0000"',
  '"error"',
  '"connect"',
  '"disconnected"',
].map((action) => [`action ${action}`, body(action, '{}')]);

export const wrongReplies = [
  '',
  '0',
  '-1',
  '1',
  '1.5',
  '01',
  ' 1',
  '4294967296',
  '1073741824',
  huge,
  'abc',
  '__proto__',
].map((id) => [`a reply to ${id.slice(0, 12)}`, body(quoted(`response_callback_${id}`), '{"success":true}')]);

const toNobody = (remote, data = '1') =>
  body(quoted(MSG_UP), `{"remote":${remote},"data":${data},"needReply":true,"timeout":50}`);
const everybody = (data) =>
  body(quoted(MSG_UP), `{"remote":{},"broadcast":true,"action":"nothing","data":${data}}`);

/** Texts that stretch JSON itself: some reach the healthy clients, who must be able to read them. */
export const stretchedJson = [
  ['nested arrays', nestedArrays],
  ['nested objects', nestedObjects],
  ['unclosed arrays', '['.repeat(depth)],
  ['nested data', toNobody('{"objectName":"nobody"}', nestedArrays)],
  ['nested remote', toNobody(nestedObjects)],
  ['nested selector', body(quoted(PUBLISH), `{"data":{"selector":${nestedObjects}}}`)],
  ['nested host', body(quoted(ONLINE), `{"host":${nestedObjects}}`)],
  ['nested data to everybody', everybody(nestedArrays)],
  ['huge numbers to everybody', everybody(`[1e999,-1e999,${huge},-0,1e-999]`)],
  ['lone surrogates', toNobody('{"objectName":"\\ud800"}', '"\\udfff"')],
  ['lone surrogates to everybody', everybody('"\\ud800 \\udfff \\ud83d"')],
  ['an escaped NUL to everybody', everybody('"\\u0000"')],
  ['two actions', `{"action":"x","action":"${MSG_UP}","data":{"remote":{}},"data":null}`],
  [
    'two remotes',
    body(quoted(MSG_UP), '{"remote":{},"remote":"x","remote":null,"broadcast":true,"broadcast":false}'),
  ],
  ['__proto__', body(quoted(ONLINE), '{"__proto__":{"host":{"appName":"x"}},"host":{"__proto__":1}}')],
  ['a bad escape in skipped data', everybody('"\\x"')],
  ['a raw control character in skipped data', everybody('"\u0001"')],
  ['a bad number in skipped data', everybody('01')],
  ['a bad literal in skipped data', everybody('nul')],
  ['a bracket that does not match', everybody('[}')],
  ['trailing garbage', `${everybody('1')} x`],
  ['two documents', everybody('1') + everybody('2')],
  ['an unclosed string', `{"action":"${MSG_UP}`],
  ['an unclosed object', `{"action":"${MSG_UP}","data":{"remote":{}`],
  ['nothing but white space', '   \n'],
  ['a byte order mark', `\ufeff${everybody('1')}`],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22])],
  ['bytes that are not UTF-8, to everybody', Buffer.from(everybody('"\u00e9"'), 'latin1')],
  ['a truncated UTF-8 sequence', Buffer.from(everybody('"\u00e9"')).subarray(0, -4)],
];
