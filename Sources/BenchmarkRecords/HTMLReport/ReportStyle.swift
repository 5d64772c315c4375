/// How a page looks: in light and dark, on a telephone and on paper.
enum ReportStyle {
    /// The style sheet. Figures take their colours from it by class.
    static let text = """
        :root {
          color-scheme: light dark;
          --paper: #ffffff; --ink: #1c1e21; --quiet: #5d636b; --rule: #d9dce0; --box: #f4f5f6;
          --best: #0b6e4f; --other: #7a8694; --pale: #c9ced4; --bad: #b3261e; --fault: #1f5fa8; --inval: #b35900;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #15171a; --ink: #e6e8ea; --quiet: #9aa1a9; --rule: #363b41; --box: #1f2226;
            --best: #4cc38a; --other: #8a95a2; --pale: #4a5159; --bad: #ff8a80; --fault: #7db4f5; --inval: #f2a65a;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 46rem; background: var(--paper); color: var(--ink);
          font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
          overflow-wrap: anywhere;
        }
        h1 { font-size: 1rem; font-weight: 600; margin: 0; }
        h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .5rem; }
        h3 { font-size: 1rem; margin: 0 0 .5rem; }
        p { margin: 0 0 .75rem; }
        .verdict { font-size: 1.5rem; line-height: 1.3; margin: 1rem 0; }
        .note, figcaption { color: var(--quiet); font-size: .875rem; }
        .absent { color: var(--quiet); font-style: italic; }
        a { color: inherit; }
        nav ul { padding: 0; list-style: none; columns: 16rem; font-size: .875rem; }
        section { border-top: 1px solid var(--rule); margin-top: 2.5rem; padding-top: 1.5rem; }
        ul.note { padding-left: 1.25rem; }
        figure { margin: 1.5rem 0 2rem; }
        figcaption p { margin: .5rem 0 0; }
        pre {
          margin: .5rem 0 0; padding: .5rem .75rem; background: var(--box); color: var(--ink); white-space: pre-wrap;
          font: .8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
        }
        pre span { white-space: nowrap; }
        .scroll { overflow-x: auto; margin: 0 0 1rem; }
        table { border-collapse: separate; border-spacing: 0; font-size: .8125rem; font-variant-numeric: tabular-nums; }
        th, td {
          padding: .25rem .6rem; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top;
          overflow-wrap: normal;
        }
        th { font-weight: 600; }
        @media (min-width: 40rem) { tbody th { white-space: nowrap; } }
        thead th { color: var(--quiet); font-weight: 400; white-space: nowrap; }
        th:first-child { padding-left: 0; }
        tbody th { position: sticky; left: 0; max-width: 45vw; background: var(--paper); }
        .n { text-align: right; white-space: nowrap; }
        #fingerprint td { overflow-wrap: anywhere; min-width: 8rem; }
        svg { display: block; overflow: visible; }
        svg text {
          font-size: 12px; fill: var(--ink); font-family: inherit;
          paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round;
        }
        svg .axis, svg .tick, svg .value { fill: var(--quiet); }
        svg .tick { font-size: 11px; }
        svg .value { font-variant-numeric: tabular-nums; }
        svg .first { font-weight: 600; }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .limit { stroke: var(--pale); stroke-width: 2; stroke-dasharray: 4 4; }
        .stem { stroke: var(--rule); stroke-width: 2; }
        .tie { stroke: var(--pale); stroke-width: 1; }
        .interval { stroke: var(--ink); stroke-width: 1.25; }
        .best { fill: var(--best); }
        .other { fill: var(--other); }
        .pale { fill: var(--pale); }
        .bad { fill: var(--bad); }
        .span { stroke-width: 1.5; }
        .span.fault { stroke: var(--fault); }
        .span.invalidation { stroke: var(--inval); }
        .full.fault { fill: var(--fault); }
        .full.invalidation { fill: var(--inval); }
        .hollow { fill: var(--paper); stroke-width: 1.5; }
        .hollow.fault { stroke: var(--fault); }
        .hollow.invalidation { stroke: var(--inval); }
        @media print {
          :root {
            --paper: #fff; --ink: #000; --quiet: #444; --rule: #bbb; --box: #fff;
            --best: #0b6e4f; --other: #7a8694; --pale: #bbb; --bad: #b3261e; --fault: #1f5fa8; --inval: #b35900;
          }
          body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; }
          nav { display: none; }
          figure, tr { break-inside: avoid; }
          h2, h3 { break-after: avoid; }
          .scroll { overflow: visible; }
          tbody th { position: static; }
          table { font-size: 6.5pt; }
          th, td { padding: .15rem .25rem; }
        }
        """
}
