// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/ReportStyle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace secateur::html {
namespace {

using Colour = std::array<int, 3>;

/// The ends and the middle of the map of changes: those of RdBu (ColorBrewer), as in the window.
struct Changes {
    Colour below, neutral, above;
};
constexpr Changes kLight{.below = {0x21, 0x66, 0xac}, .neutral = {0xf5, 0xf7, 0xf8}, .above = {0xb2, 0x18, 0x2b}};
constexpr Changes kDark{.below = {0x67, 0xa9, 0xcf}, .neutral = {0x33, 0x38, 0x3c}, .above = {0xef, 0x8a, 0x62}};

std::string hex(const Colour &colour)
{
    constexpr const char *kDigits = "0123456789abcdef";
    std::string written = "#";
    for (const int channel : colour) {
        written += kDigits[channel / 16];
        written += kDigits[channel % 16];
    }
    return written;
}

std::string changeRules(const Changes &map)
{
    std::string rules;
    for (int step = -kChangeSteps; step <= kChangeSteps; ++step) {
        const Colour &end = step < 0 ? map.below : map.above;
        Colour mixed{};
        for (std::size_t i = 0; i < mixed.size(); ++i)
            mixed[i] = int(std::lround(map.neutral[i] + (end[i] - map.neutral[i]) * std::abs(step) / double(kChangeSteps)));
        rules += "." + changeLook(step / double(kChangeSteps)) + "{fill:" + hex(mixed) + "}";
    }
    return rules + "\n";
}

constexpr const char *kVariables = R"(:root{color-scheme:light dark;
--ground:#ffffff;
--raised:#f6f7f8;
--text:#1d2327;
--muted:#5b6670;
--line:#d9dde1;
--outline:#7c868e;
--accent:#0072b2;
--ffn:#009e73;
--warning:#d55e00;
--extra:#bf6798;
--warning-text:#a34700;
--good-text:#00704f;
--marked:#e8f3fa}
)";
constexpr const char *kDarkVariables = R"(:root{--ground:#232629;
--raised:#1b1e20;
--text:#eceff1;
--muted:#a3adb5;
--line:#3a4045;
--outline:#8b959d;
--accent:#56b4e9;
--ffn:#009e73;
--warning:#e69f00;
--extra:#cc79a7;
--warning-text:#e69f00;
--good-text:#3fc79d;
--marked:#263744}
)";

constexpr const char *kRules = R"(*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header,main,footer{max-width:60rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.5rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}
a{color:var(--accent)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:1rem 0 0}
.muted,figcaption,caption,footer{color:var(--muted)}
.warning{color:var(--warning-text)}
.good{color:var(--good-text)}
.name,code,td,dd,h1,a{overflow-wrap:anywhere}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{background:var(--raised);border:1px solid var(--line);border-radius:4px;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}
dl{margin:.75rem 0;border-top:1px solid var(--line)}
dl>div{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:1rem;padding:.3rem 0;border-bottom:1px solid var(--line)}
dt{color:var(--muted)}
dd{margin:0}
.tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0;padding:0;list-style:none}
.tiles li{flex:1 1 11rem;background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem}
.tiles strong{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
thead th{border-bottom:1px solid var(--outline);font-weight:600}
tbody th{font-weight:400}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.marked{background:var(--marked)}
figure{margin:1rem 0;overflow-x:auto}
figcaption,caption{font-size:.875rem}
svg{max-width:100%;height:auto;display:block}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--muted)}
svg .title{font-size:12px;fill:var(--text)}
svg .strong{font-size:11px;font-weight:600;fill:var(--text)}
.axis{stroke:var(--outline);stroke-width:1}
.grid{stroke:var(--line);stroke-width:1}
.attention,.kept{fill:var(--accent)}
.ffn{fill:var(--ffn)}
.removed{fill:none;stroke:var(--outline);stroke-dasharray:3 2}
.original{fill:none;stroke:var(--outline)}
.hatch{stroke:var(--outline);stroke-width:2}
.cut{fill:none;stroke:var(--warning);stroke-width:1.2}
.winner{fill:none;stroke:var(--text);stroke-width:2}
.frame{fill:none;stroke:var(--line)}
.bound{fill:var(--raised);stroke:var(--outline);stroke-dasharray:1 2}
.trace{fill:none;stroke:var(--accent);stroke-width:2}
.s0{fill:var(--text)}
.s1{fill:var(--accent)}
.s2{fill:var(--warning)}
.s3{fill:var(--ffn)}
.s4{fill:var(--extra)}
.s5{fill:var(--outline)}
.now{fill:none;stroke:var(--text);stroke-width:1.5}
footer{padding-top:1rem;padding-bottom:3rem;font-size:.875rem}
)";

constexpr const char *kPrint =
    R"(@media print{body{font-size:10.5pt}header,main,footer{max-width:none;padding-left:0;padding-right:0}nav{display:none}
h2,h3{break-after:avoid}figure,tr,dl>div,.tiles li,pre{break-inside:avoid}thead{display:table-header-group}.scroll,figure{overflow:visible}
a{color:inherit;text-decoration:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@page{margin:18mm}
)";

} // namespace

std::string changeLook(double part)
{
    const int step = std::clamp(int(std::lround(part * kChangeSteps)), -kChangeSteps, kChangeSteps);
    return (step < 0 ? "less" : "more") + std::to_string(std::abs(step));
}

std::string styleSheet()
{
    return std::string(kVariables) + kRules + changeRules(kLight) + "@media screen and (prefers-color-scheme:dark){" + kDarkVariables +
           changeRules(kDark) + "}\n" + kPrint;
}

} // namespace secateur::html
