// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Figure.h"

#include <QPointer>
#include <QString>
#include <QStringList>

#include <vector>

namespace secateur::ui {

class Plot;

/// A plot with the page that it is on.
struct FigureOfPage {
    QString page;
    QPointer<const Plot> plot;
};

/// What is to be saved of plots, all in one folder.
struct FiguresWanted {
    QString folder;
    QStringList formats; ///< "png", "svg", "pdf", "csv"
    FigureOptions options;
    std::vector<FigureOfPage> figures;
};

/// What a figure's files are called, without their ending: by its title and the beginning of its plan's hash.
QString fileNameOf(const Plot &plot);

/// Writes every figure in every format and returns the files. What has a name already is never replaced: the new ones get a number, the same in all formats.
/// Plots that are gone, or have nothing to show by now, are left out. Throws Error that says how many files were written before, which stay.
QStringList saveFigures(const FiguresWanted &wanted);

} // namespace secateur::ui
