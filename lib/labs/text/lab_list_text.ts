/** The list of labs as text. Pure. */
import { indented, page } from '../../report/layout.js'
import type { Paint } from '../../report/paint.js'
import { folded, joined, unbounded, wrapped } from '../../report/wrap.js'
import type { LabList } from '../runner/list_labs.js'
import { took } from './took.js'

export function labListText({ labs }: LabList, paint: Paint, width = unbounded): string {
  return labs
    .map(({ name, summary, expected, seconds, tools, hostSysctls, parameters, unmet }) => {
      const needs = [...tools, ...hostSysctls.map((sysctl) => `${sysctl} (--allow-host-changes)`)]
      const facts = [
        `names ${expected ?? 'nothing'}`,
        `takes ${took(seconds)}`,
        ...(needs.length === 0 ? [] : [`needs ${needs.join(', ')}`])
      ]
      const options = Object.entries(parameters).map(([parameter, value]) => `--${parameter} ${value}`)
      return [
        ...wrapped(`${paint('bold', name)}: ${summary}`, width, 4),
        ...indented(folded(facts.join(', '), width - 2)),
        ...indented(joined(options, width - 2)),
        ...unmet.flatMap((reason) =>
          indented(wrapped(`cannot run now: ${reason}`, width - 2, 2).map((line) => paint('yellow', line)))
        )
      ]
    })
    .map(page)
    .join('\n')
}
