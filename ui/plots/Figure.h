// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

namespace secateur::ui {

/// Where the numbers of a plot come from, in words: the caption of its figures, and columns of its CSV file.
struct FigureSource {
    QString model{};    ///< "SmolLM2-135M"
    QString plan{};     ///< what the numbers belong to: "37.5 %, N = 4, K = 978"; empty where that differs from row to row
    QString planHash{}; ///< SHA-256; empty while it is not known
    QString note{};     ///< what else there is to know: the text, that the plan is another than the one in hand
    bool operator==(const FigureSource &) const = default;

    QString caption() const;      ///< with the beginning of the hash, by which people find the plan again
    QString wholeCaption() const; ///< with all of it
};

/// A name for a file, without its ending, of a plot's title: its words, those in brackets left out, joined by dashes.
QString fileNameOf(const QString &title);

/// How a figure is to look in a file. What was chosen last is offered again.
struct FigureOptions {
    static constexpr double kOneColumn = 85, kTwoColumns = 175; ///< of a paper, in millimetres
    static constexpr double kNarrowest = 40, kWidest = 420;

    QString format = QStringLiteral("png");
    double width = 0;       ///< in millimetres; 0: as on the screen
    int scale = 2;          ///< pixels of a PNG file for one of the screen, 1 to 8; letters stay as large against the figure
    bool isAsShown = false; ///< in the colours of the window; else light, for print
    bool operator==(const FigureOptions &) const = default;

    static FigureOptions last();
    static void remember(const FigureOptions &options);
    /// For the settings file; what cannot be read gives the defaults.
    QByteArray toBytes() const;
    static FigureOptions fromBytes(const QByteArray &bytes);
};

} // namespace secateur::ui
