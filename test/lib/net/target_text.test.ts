import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { C1mError } from '../../../lib/base/errors.js'
import { parseTarget, parseTargets } from '../../../lib/net/target_text.js'
import { caught } from '../../helpers/caught.js'

/** Small containers come without. */
const hasServices = existsSync('/etc/services')

const any = existsSync('/proc/net/if_inet6') ? '::' : '0.0.0.0'

describe('parseTarget', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1', 80, 80],
    ['192.168.2.120:8100-8119', '192.168.2.120', 8100, 8119],
    ['server.example.org:443', 'server.example.org', 443, 443],
    ['my_host:1-65535', 'my_host', 1, 65_535],
    ['[::1]:80', '::1', 80, 80],
    ['[fd00::1]:80-90', 'fd00::1', 80, 90],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80, 80],
    [' localhost:5-5 ', 'localhost', 5, 5],
    ['8100', '127.0.0.1', 8100, 8100],
    ['8100-8119', '127.0.0.1', 8100, 8119],
    ['127.0.0.1:80/', '127.0.0.1', 80, 80],
    ['tcp://host:80', 'host', 80, 80],
    ['http://host', 'host', 80, 80],
    ['HTTP://host/', 'host', 80, 80],
    ['http://host:8080/', 'host', 8080, 8080],
    ['http://[::1]', '::1', 80, 80]
  ])('reads %j', (text, host, firstPort, lastPort) => {
    expect(parseTarget(text, 'dial')).toEqual([{ host, firstPort, lastPort }])
    expect(parseTarget(text, 'listen')).toEqual([{ host, firstPort, lastPort }])
  })

  it.each([
    ['80,81', '127.0.0.1', [80, 81]],
    ['host:80,81', 'host', [80, 81]],
    ['[::1]:443,80', '::1', [443, 80]]
  ])('reads %j as a target for each port', (text, host, ports) => {
    const expected = ports.map((port) => ({ host, firstPort: port, lastPort: port }))
    expect(parseTarget(text, 'dial')).toEqual(expected)
  })

  it('reads ranges among several ports', () => {
    expect(
      parseTarget('host:80,90-99,443', 'dial').map(({ firstPort, lastPort }) => [firstPort, lastPort])
    ).toEqual([
      [80, 80],
      [90, 99],
      [443, 443]
    ])
  })

  it.each([':8100', '*:8100'])(
    'takes %s for any address of a listener, and for this host when it is dialed',
    (text) => {
      const ports = { firstPort: 8100, lastPort: 8100 }
      expect(parseTarget(text, 'listen')).toEqual([{ host: any, ...ports }])
      expect(parseTarget(text, 'dial')).toEqual([{ host: '127.0.0.1', ...ports }])
    }
  )

  it('takes a port alone for any address when it is watched', () => {
    expect(parseTarget('8100', 'watch')).toEqual([{ host: any, firstPort: 8100, lastPort: 8100 }])
  })

  const forms = 'Write host:port, host:port-port, host:port,port or [v6]:port.'
  it.each([
    ['', 'is empty', forms],
    ['  ', 'is empty', forms],
    ['localhost', 'has no port', 'Write localhost:port.'],
    ['localhost:', 'has no port', 'Write localhost:port.'],
    ['[::1]', 'has no port', 'Write [::1]:port.'],
    [':', 'has no port', forms],
    ['*', 'has no port', forms],
    ['[]:80', 'has no host', forms],
    ['http://', 'has no host', forms],
    ['/', 'has no host', forms],
    ['::1', 'has an IPv6 address without brackets', 'Write [::1]:port.'],
    ['fd00::1', 'has an IPv6 address without brackets', 'Write [fd00::1]:port.'],
    ['::1:80', 'has an IPv6 address without brackets', 'Write [::1]:80 or [::1:80]:port.'],
    ['::1:8100-8119', 'has an IPv6 address without brackets', 'Write [::1]:8100-8119.'],
    ['1:2:3:4:5:6:7:8:80', 'has an IPv6 address without brackets', 'Write [1:2:3:4:5:6:7:8]:80.'],
    ['fe80::1%eth0:80', 'has an IPv6 address without brackets', 'Write [fe80::1%eth0]:80.'],
    ['[::1:80', 'has an IPv6 address without brackets', 'Write [::1]:80 or [::1:80]:port.'],
    ['host:80:90', 'is not of the form host:port', forms],
    ['[::1]x:80', 'is not of the form host:port', forms],
    ['one:80,two:80', 'has a comma between targets', 'Write a space between them instead.'],
    ['[host]:80', "has 'host' in brackets, which is not an IPv6 address", forms],
    ['[127.0.0.1]:80', "has '127.0.0.1' in brackets, which is not an IPv6 address", forms],
    [
      '[fd00::1%eth0]:80',
      "has the zone 'eth0', which only link-local addresses (fe80::/10) need",
      'Write [fd00::1]:port.'
    ],
    ['[fe80::1%]:80', "has the zone '', which is not the name of a device", 'Write [fe80::1%eth0]:port.'],
    [
      'https://host/x',
      'asks for TLS, and only plain TCP connections are opened',
      'Write host:443 to open those.'
    ],
    [
      'wss://host:8443/',
      'asks for WebSocket over TLS, and only plain TCP connections are opened',
      'Write host:8443 to open those.'
    ],
    [
      'ws://host',
      'asks for WebSocket, and only plain TCP connections are opened',
      'Write host:80 to open those.'
    ],
    ['ftp://host', "has the unknown scheme 'ftp'", 'Write host:port.'],
    ['constructor://host:1', "has the unknown scheme 'constructor'", 'Write host:1.'],
    ['tcp://host', 'has no port', 'Write host:port.'],
    [
      'http://host/index.html',
      "has the path '/index.html', and a connection has none",
      'Write host:80; send can ask for the path.'
    ],
    ['10.0.0.0/24:80', "has the network '10.0.0.0/24', and a target is one host", forms],
    ['a host:80', "has the host 'a host', which is neither a name nor an address", forms],
    ['host:80x', "has the port '80x', which is not a number", forms],
    ['host:1.5', "has the port '1.5', which is not a number", forms],
    ['host:80-90-100', "has the port '90-100', which is not a number", forms],
    ['host:80-', 'has a port range with one end', 'Write both ends: host:8100-8119.'],
    ['host:-80', 'has a port range with one end', 'Write both ends: host:8100-8119.'],
    ['host:80,', 'has an empty place in its list of ports', 'Write it without spaces: host:80,81.'],
    ['host:65536', 'has the port 65536, and ports end at 65535', forms],
    ['host:80-70000', 'has the port 70000, and ports end at 65535', forms],
    ['70000', 'has the port 70000, and ports end at 65535', forms],
    ['host:90-80', 'has a reversed port range: 90 is above 80', 'Write 80-90.'],
    ['host:0', 'has port 0, which nobody can listen on', forms],
    ['host:0-10', 'has port 0, which nobody can listen on', forms]
  ])('refuses %j', (text, reason, hint) => {
    const error = caught(() => parseTarget(text, 'dial')) as C1mError
    expect(error).toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: `target '${text}' ${reason}`,
      hint,
      exitCode: 2
    })
  })

  it.skipIf(!hasServices)('reads ports by the names of their services', () => {
    const ports = parseTarget('host:http,HTTPS', 'dial').map(({ firstPort, lastPort }) => [
      firstPort,
      lastPort
    ])
    expect(ports).toEqual([
      [80, 80],
      [443, 443]
    ])
    expect(parseTarget(':http', 'dial')).toEqual([{ host: '127.0.0.1', firstPort: 80, lastPort: 80 }])
    expect(caught(() => parseTarget('host:httpx', 'dial'))).toMatchObject({
      message:
        "target 'host:httpx' has the port 'httpx', which is neither a number nor a TCP service in /etc/services",
      hint: 'Write the number of the port.'
    })
  })

  it("leaves a listener's port to the kernel, alone and neither in a range nor in a list", () => {
    expect(parseTarget('127.0.0.1:0', 'listen')).toEqual([{ host: '127.0.0.1', firstPort: 0, lastPort: 0 }])
    expect(caught(() => parseTarget('127.0.0.1:0-9', 'listen'))).toMatchObject({
      message: "target '127.0.0.1:0-9' has a range from port 0, which means a port of the kernel's choice"
    })
    expect(caught(() => parseTarget('127.0.0.1:0,9', 'listen'))).toMatchObject({
      message: "target '127.0.0.1:0,9' has port 0 in a list, and it means a port of the kernel's choice"
    })
  })
})

it('a host and its port as two arguments are told how to be one', () => {
  expect(caught(() => parseTargets(['localhost', '8100'], 'dial'))).toMatchObject({
    message: "target 'localhost' has no port",
    hint: 'Write localhost:8100.'
  })
})
