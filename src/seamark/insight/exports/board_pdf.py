"""The pack for the board as PDF. Names of others reach the page as data, never as markup; the drawings are lines, not pictures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
import typst

from seamark.insight.exports.board import Pack

_SOURCE: Final = r"""
#let pack = json(bytes(sys.inputs.pack))
#let ink = rgb("#12201f")
#let soft = rgb("#5f6e70")
#let accent = rgb("#0b6e6e")
#let came = rgb("#a54a06")
#let went = rgb("#1b7a43")
#set document(title: pack.title, author: "Seamark", date: none)
#set page(paper: "a4", margin: (x: 18mm, y: 18mm), numbering: "1 / 1", footer: context [
  #set text(8pt, fill: soft)
  #pack.title · #pack.made #h(1fr) #counter(page).display("1 / 1", both: true)
])
#set text(10pt, fill: ink)
#set par(justify: false)
#show heading: set text(fill: accent)
#show heading: set block(above: 1.3em, below: 0.7em)

#let grid-of(told, widths) = block(breakable: told.rows.len() > 14)[
  #heading(level: 2, told.title)
  #if told.rows.len() == 0 [#text(fill: soft)[-]] else [
    #set text(9pt)
    #table(columns: widths, stroke: (x: none, y: 0.4pt + rgb("#c9d1d3")), inset: (x: 4pt, y: 4pt),
      align: (at, _) => if at == 0 { left } else { if told.head.len() > 3 or at == told.head.len() - 1 { right } else { left } },
      table.header(..told.head.map(one => text(fill: soft, one))),
      ..told.rows.flatten().map(one => [#one]))
  ]
]
#let wide = 174mm
#let tall = 46mm
#let most(of) = calc.max(1, ..pack.points.map(of))
#let risk-chart() = {
  let top = most(one => one.risk)
  let step = wide / calc.max(1, pack.points.len() - 1)
  let dots = pack.points.enumerate().map(((at, one)) => (at * step, tall - tall * (one.risk / top)))
  block(width: wide, height: tall, {
    place(polygon(fill: rgb("#e0f1ef"), stroke: none, (0mm, tall), ..dots, (wide, tall)))
    for at in range(dots.len() - 1) { place(line(start: dots.at(at), end: dots.at(at + 1), stroke: 1.4pt + accent)) }
    place(line(start: (0mm, tall), end: (wide, tall), stroke: 0.5pt + soft))
    place(dy: -4mm, text(8pt, fill: soft)[#calc.round(top) points])
  })
  text(8pt, fill: soft)[#pack.points.first().day #h(1fr) #pack.points.last().day]
}
#let flow-chart() = {
  let top = most(one => calc.max(one.arrived, one.burned))
  let step = wide / calc.max(1, pack.points.len() - 1)
  let height = 30mm
  block(width: wide, height: height, {
    for (at, one) in pack.points.slice(1).enumerate() {
      let up = height * (one.arrived / top)
      let down = height * (one.burned / top)
      place(dx: at * step + step * 0.1, dy: height - up, rect(width: step * 0.4, height: up, fill: came, stroke: none))
      place(dx: at * step + step * 0.5, dy: height - down, rect(width: step * 0.4, height: down, fill: went, stroke: none))
    }
    place(line(start: (0mm, height), end: (wide, height), stroke: 0.5pt + soft))
    place(dy: -4mm, text(8pt, fill: soft)[#top issues])
  })
  text(8pt)[#text(fill: came)[■ arrived] #h(1em) #text(fill: went)[■ burned down]]
}

#text(20pt, weight: "bold", fill: accent, pack.title)
#v(-4pt)
#text(10pt, fill: soft)[#pack.about]
#v(6pt)
#for one in pack.sentences { par(text(12pt, one)) }
#v(4pt)
#grid(columns: (1fr, 1fr, 1fr, 1fr), gutter: 6pt, ..pack.tiles.map(one => block(width: 100%, height: 15mm, inset: 5pt, stroke: 0.4pt + rgb("#c9d1d3"), radius: 2pt)[
  #set par(leading: 0.35em)
  #text(7.5pt, fill: soft, one.at(0)) \
  #text(11pt, weight: "bold", one.at(1))
  #if one.at(2) != "" [ \ #text(7pt, fill: soft)[before: #one.at(2)]]
]))
#if pack.points.len() > 1 [
  #block(breakable: false)[
    == Open risk
    #v(4mm)
    #risk-chart()
  ]
  #block(breakable: false)[
    == Arrived against burned down
    #if pack.points.slice(1).all(one => one.arrived == 0 and one.burned == 0) [
      Nothing arrived in the period, and nothing was closed.
    ] else [
      #v(4mm)
      #flow-chart()
    ]
  ]
]
#grid-of(pack.groups, (1fr, auto, auto, auto, auto, auto))
#grid-of(pack.movers, (1fr, auto, auto, auto))
#grid-of(pack.decisions, (1fr, auto))
#grid-of(pack.ages, (1fr, auto))
#grid-of(pack.tools, (1fr, auto, auto, auto))
== Costs
#for one in pack.costs { par(one) }
#grid-of(pack.definitions, (42mm, 1fr, auto))
"""


def as_pdf(pack: Pack) -> bytes:
    """Draw a pack. The same pack gives the same bytes."""
    data = msgspec.json.encode(pack).decode()
    made: bytes = typst.compile(
        _SOURCE.encode(), sys_inputs={"pack": data}, timestamp=int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
    )
    return made
