// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "theme/PlotStyle.h"

#include <QImage>
#include <QString>
#include <QStringList>
#include <QVariant>
#include <QWidget>
#include <memory>
#include <vector>

class QCPPainter;
class QCustomPlot;

namespace secateur::ui {

/// The numbers of a plot as a table: what CSV, "copy data" and the table twin show. Numbers are numbers (double, qint64), not texts; an
/// invalid QVariant is an empty cell.
struct PlotTable {
    QStringList headers;
    std::vector<std::vector<QVariant>> rows;
};

/// A widget that has a QCustomPlot, a title with a menu, and a table twin of its numbers.
///
/// The menu saves PNG, SVG, PDF and CSV, copies the image and the data, and turns to the table and back; it is reached by mouse, by
/// keyboard (Tab, then Space; Shift+F10 on the plot) and by `menu()`. Subclasses draw; they speak in the domain's words and show no type
/// of QCustomPlot in their public interface. Knows nothing of sessions.
class Plot : public QWidget {
    Q_OBJECT
public:
    Plot(const QString &title, QWidget *parent = nullptr);
    ~Plot() override;

    QString title() const;
    void setTitle(const QString &title);
    /// Says in place of the plot why there is nothing to see; an empty text brings the plot back.
    void setEmptyText(const QString &text);

    virtual PlotTable table() const = 0;

    /// Writes the plot by the file's suffix: png, svg, pdf or csv. Atomically; throws Error.
    void save(const QString &file) const;
    void copyImage() const;
    void copyData() const; ///< tab-separated, for spreadsheets
    /// The numbers as comma-separated values in the C locale.
    QString csv() const;
    void setTableShown(bool isShown);
    bool isTableShown() const;
    class QMenu *menu() const;

signals:
    /// After "Save as ..." from the menu, for a message in place.
    void saved(const QString &file);
    void saveFailed(const QString &sentence, const QString &hint);

protected:
    QCustomPlot &canvas() const;
    PlotStyle style() const;
    /// Sets every colour, pen and font of the plot; called at the start and whenever the palette or the font changes.
    virtual void applyStyle(const PlotStyle &style) = 0;
    /// Redraws soon, once however often it is called; refreshes the table twin if it is shown.
    void redraw();
    /// The same for one layer of the canvas (a handle, a hover mark) without drawing the rest.
    void redrawLayer(const char *layer);
    /// Brings the table twin up to date soon, if it is shown; for what changes numbers and only one layer.
    void refreshTable();
    /// Size to draw the canvas of a saved figure with, where it is `shown` on the screen; larger for what is scrolled.
    virtual QSize figureCanvas(const QSize &shown) const { return shown; }

    bool event(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    struct Parts;

    void buildMenu();
    void showPage();
    void restyle();
    void drawDirtyLayers();
    void askAndSave(const QString &format);
    QByteArray figure(const QString &format) const;
    QImage figureImage() const;
    void paintFigure(QCPPainter &painter) const;
    QSize figureSize() const; ///< in logical pixels, with title and margins
    int figureTitleHeight() const;

    std::unique_ptr<Parts> m_parts;
};

} // namespace secateur::ui
