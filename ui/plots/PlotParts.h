// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to Plot.
#pragma once

#include "plots/Figure.h"
#include "plots/Plot.h"

#include <QString>

#include <set>

class QAction;
class QHBoxLayout;
class QLabel;
class QMenu;
class QStackedWidget;
class QTimer;
class QToolButton;

namespace secateur::ui {

class Canvas;
class PlotTableView;

struct Plot::Parts {
    QString title, emptyText;
    FigureSource source;
    QLabel *titleLabel = nullptr, *emptyLabel = nullptr;
    QHBoxLayout *titleRow = nullptr;
    QToolButton *more = nullptr;
    QMenu *menu = nullptr;
    QAction *showTable = nullptr;
    QStackedWidget *pages = nullptr;
    Canvas *canvas = nullptr;
    PlotTableView *table = nullptr;
    std::set<QString> dirtyLayers; ///< waiting for `layerTimer`
    QTimer *layerTimer = nullptr, *tableTimer = nullptr;
    bool isTableShown = false;
    bool isStyled = false;
};

} // namespace secateur::ui
