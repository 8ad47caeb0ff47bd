// What all plots share: their colours and letters. Pure.

/** Okabe and Ito's colours, which the colour-blind tell apart, without the ones too pale for white or too dark for black. */
export const PLOT_STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8888; stroke-width: 0.5 }
.axis { stroke: #57606a }
.line { fill: none; stroke-width: 2 }
.bound { stroke-dasharray: 6 4; stroke-width: 1.5 }
.c0 { stroke: #0072b2; color: #0072b2 } .c1 { stroke: #d55e00; color: #d55e00 } .c2 { stroke: #009e73; color: #009e73 }
.c3 { stroke: #b5651d; color: #b5651d } .c4 { stroke: #a0569e; color: #a0569e } .c5 { stroke: #6e7781; color: #6e7781 }
.dot { fill: currentColor; stroke: none }
.page { fill: #fff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .page { fill: #0d1117 } .axis { stroke: #9198a1 }
  .c0 { stroke: #56b4e9; color: #56b4e9 } .c1 { stroke: #ff8a3d; color: #ff8a3d } .c2 { stroke: #2fc796; color: #2fc796 }
  .c3 { stroke: #e0a458; color: #e0a458 } .c4 { stroke: #d78fd5; color: #d78fd5 } .c5 { stroke: #9198a1; color: #9198a1 }
}`;

/** Text inside SVG. */
export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
