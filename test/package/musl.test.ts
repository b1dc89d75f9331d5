/** npm has no Node for musl, so a small musl program loads the addon instead. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { temporaryFolder } from '../helpers/temporary.js'

const addon = join(inject('unpacked'), 'prebuilds/linux-x64/c1m-native.musl.node')

it('the addon for musl finds every symbol it needs in musl and in Node-API', () => {
  using folder = temporaryFolder()
  const symbols = execFileSync('readelf', ['--wide', '--dyn-syms', addon], { encoding: 'utf8' })
  const nodeApi = [...symbols.matchAll(/ UND (napi_\w+|node_api_\w+)$/gm)].map(([, name]) => name)
  expect(nodeApi).not.toEqual([])
  const source = `
    #include <dlfcn.h>
    #include <stdio.h>
    ${nodeApi.map((name) => `int ${name}(void) { return 0; }`).join('\n')}
    int main(int count, char** arguments) {
      void* addon = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
      int (*version)(void) = addon ? dlsym(addon, "node_api_module_get_api_version_v1") : NULL;
      if (!version) return puts(dlerror()), 1;
      return printf("Node-API %d\\n", version()), 0;
    }`
  const program = join(folder.path, 'load')
  writeFileSync(`${program}.c`, source)
  execFileSync('musl-gcc', ['-rdynamic', '-o', program, `${program}.c`])
  expect(execFileSync(program, [addon], { encoding: 'utf8' })).toBe('Node-API 8\n')
})
