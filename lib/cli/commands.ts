/** The commands there are. Each is loaded only when it is called for. */
import type { Command } from './command.js'

export const commands: Readonly<Record<string, Command>> = {
  dial: {
    summary: 'open connections, hold them, report what happened',
    spec: async () => (await import('./options/dial.js')).spec,
    run: async (argv, context) => (await import('./commands/dial.js')).run(argv, context)
  },
  listen: {
    summary: 'accept connections, hold them, report what was accepted',
    spec: async () => (await import('./options/listen.js')).spec,
    run: async (argv, context) => (await import('./commands/listen.js')).run(argv, context)
  },
  watch: {
    summary: 'look at a server from beside it: queues, sockets, counters, drops, causes',
    spec: async () => (await import('./options/watch.js')).spec,
    run: async (argv, context) => (await import('./commands/watch.js')).run(argv, context)
  },
  plan: {
    summary: 'say what a dial will take and what will stop it; sends nothing',
    spec: async () => (await import('./options/plan.js')).spec,
    run: async (argv) => (await import('./commands/plan.js')).run(argv)
  },
  doctor: {
    summary: 'say what of this host binds first for a goal, and set it',
    spec: async () => (await import('./options/doctor.js')).spec,
    run: async (argv, context) => (await import('./commands/doctor.js')).run(argv, context)
  },
  lab: {
    summary: 'reproduce an incident in namespaces, diagnose it, fix it, clean up',
    spec: async () => (await import('./options/lab.js')).spec,
    run: async (argv, context) => (await import('./commands/lab.js')).run(argv, context)
  },
  bench: {
    summary: 'measure this engine on this host, beside others',
    spec: async () => (await import('./options/bench.js')).spec,
    run: async (argv, context) => (await import('./commands/bench.js')).run(argv, context)
  },
  completion: {
    summary: 'print a script that completes this command line in a shell',
    spec: async () => (await import('./options/completion.js')).spec,
    run: async (argv) => (await import('./commands/completion.js')).run(argv, commands)
  }
}

/** Words in the place of a command that are none: `help dial`, `version`. */
export const programWords: readonly string[] = ['help', 'version']
