/** docs/doctor-and-plan.md: the facts of its incident, and what the program prints about them. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { build } from 'rolldown'

const incident = 'test/fixtures/incident-1.json'

/** One level below the root of the repository, where the program looks for its package.json. */
const program = 'build/program.cjs'

export async function doctorAndPlan(page: string): Promise<string> {
  await buildProgram()
  let text = page.replace(/(?<=```json\n)[^`]*(?=```)/, () => readFileSync(incident, 'utf8'))
  // With the facts of another host, the program prints the same everywhere.
  for (const [example, command = ''] of text.matchAll(
    /```console\n\$ c1m-native (.*--facts incident-1\.json)\n[^`]*```/g
  )) {
    const output = await printed(command.replace('incident-1.json', incident).split(' '))
    text = text.replace(example, () => `\`\`\`console\n$ c1m-native ${command}\n${output}\`\`\``)
  }
  return text
}

/** The program as the sources have it now: dist/ may be older. */
async function buildProgram(): Promise<void> {
  await build({
    input: 'lib/cli/main.ts',
    platform: 'node',
    external: [/^node:/],
    transform: { target: 'node20' },
    checks: { ineffectiveDynamicImport: false },
    logLevel: 'warn',
    output: { file: program, format: 'cjs', codeSplitting: false }
  })
}

/** What the program prints. It fails for a plan that does not fit, which is no error; errors go to stderr. */
function printed(args: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { env }, (_, stdout, stderr) => {
      if (stderr === '' && stdout !== '') resolve(stdout)
      else reject(new Error(`c1m-native ${args.join(' ')}: ${stderr || 'printed nothing'}`))
    })
  })
}
