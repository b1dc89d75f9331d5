import { defineCheck } from '../context.js'
import { endedBy, exchangeSeverity, shareOfExchanges } from '../endings.js'
import { fact, failures, tallyEvidence } from '../evidence.js'
import { advice, type Remedy } from '../remedy.js'

/** Characters of an answer in a title. */
const shownCharacters = 60

/** The peer answered something else than was expected. */
export const wrongAnswer = defineCheck({
  id: 'wrong-answer',
  rank: 183,
  concerns: 'listener',
  about: {
    summary:
      'The peer answers, but not what the run expects: an error in plain text, such as a limit on clients, another version, or another protocol altogether.',
    evidence:
      'Bytes that differ from those of `--expect`. The report and the result show one answer of the run beside the expected one.',
    remedy:
      'If the answer says that there are too many clients, raise that limit in the configuration of the server, or open fewer connections. Otherwise compare the answer with `--expect`, read the log of the server, and check that the target is the service you mean. All lines are advice.',
    mistakenFor:
      'A server that closes connections (`peer-closed`): it often sends the reason first, and the run reads that even where the reset arrives before this side could send.'
  },

  explain(context) {
    const { run } = context
    const { count } = endedBy(context, 'wrong')
    if (run === null || count === 0) return null
    const sample = run.wrongAnswer
    const received = sample?.received.text ?? ''
    return {
      severity: exchangeSeverity(context, count),
      side: 'server',
      title: `${shareOfExchanges(context, count)} got another answer than expected${sample ? `: "${cut(received)}"` : ''}`,
      evidence: [
        ...(sample
          ? [
              ...fact('received', received),
              ...fact('expected', sample.expected?.text ?? null),
              ...(sample.offset > 0 ? fact('both from byte', sample.offset) : [])
            ]
          : []),
        ...tallyEvidence(failures(context, ['EBADMSG'], 'exchange').tallies)
      ],
      remedy: remedy(received),
      events: count
    }
  }
})

function cut(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}...`
}

/** What servers say when they have enough clients: Redis, MySQL, PostgreSQL, HTTP. */
const saysFull =
  /max(imum)? (number of )?(clients|connections)|too many (clients|connections)|connection slots|\b(429|503)\b/i

function remedy(received: string): Remedy[] {
  return saysFull.test(received)
    ? [
        advice(
          'raise the limit on clients in the configuration of the server (Redis: maxclients), or open fewer connections'
        )
      ]
    : [
        advice('compare the answer with --expect, which is how it must begin'),
        advice('and look into the log of the server, and whether the target is the service you mean')
      ]
}
