// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to Plot.
#pragma once

#include "plots/Figure.h"
#include "plots/Plot.h"

#include <QString>
#include <QWidget>

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

/// The title above a plot: one line, which ends with an ellipsis where it does not fit. Its words change at every step of a replay, so no layout hears of
/// them, as it would of a label's.
class TitleLine : public QWidget {
public:
    explicit TitleLine(QWidget *parent);

    void setText(const QString &text);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void changeEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_text;
};

struct Plot::Parts {
    QString title, emptyText;
    FigureSource source;
    TitleLine *titleLine = nullptr;
    QLabel *emptyLabel = nullptr;
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
