// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Figure.h"
#include "theme/PlotStyle.h"

#include <QImage>
#include <QString>
#include <QStringList>
#include <QVariant>
#include <QWidget>
#include <memory>
#include <vector>

class QCPAxis;
class QCustomPlot;

namespace secateur::ui {

struct FigureDrawing;
class PlotZoom;

/// The numbers of a plot as a table: what CSV, "copy data" and the table twin show. Numbers are numbers (double, qint64), not texts; an
/// invalid QVariant is an empty cell.
struct PlotTable {
    QStringList headers;
    std::vector<std::vector<QVariant>> rows;
    QStringList units{}; ///< of the columns, empty where there is none; may be shorter than `headers`
};

/// A widget that has a QCustomPlot, a title with a menu, and a table twin of its numbers.
///
/// The menu saves PNG, SVG, PDF and CSV, copies the image and the data, zooms where the plot can, and turns to the table and back; it is
/// reached by mouse, by keyboard (Tab, then Space; Shift+F10 on the plot) and by `menu()`. Subclasses draw; they speak in the domain's words
/// and show no type of QCustomPlot in their public interface. Knows nothing of sessions: what its figures say of model and plan is given
/// by `setSource`.
class Plot : public QWidget {
    Q_OBJECT
public:
    Plot(const QString &title, QWidget *parent = nullptr);
    ~Plot() override;

    QString title() const;
    void setTitle(const QString &title);
    /// Says in place of the plot why there is nothing to see; an empty text brings the plot back.
    void setEmptyText(const QString &text);

    /// Where the numbers shown come from; to be set together with them, so that a figure never names another plan than its own.
    void setSource(const FigureSource &source);
    FigureSource source() const;

    virtual PlotTable table() const = 0;
    /// Whether there is anything to see, and to save. Makes the table.
    bool hasData() const;
    /// The table with the columns model, plan and plan hash, as far as the source knows them: what leaves the program.
    PlotTable tableWithSource() const;

    /// Writes the plot by the file's suffix: png, svg, pdf or csv. Atomically; throws Error.
    void save(const QString &file, const FigureOptions &options = {}) const;
    void copyImage() const; ///< with the options chosen last
    void copyData() const;  ///< tab-separated, for spreadsheets
    /// The numbers as comma-separated values in the C locale: one line of names ("change [nats]"), then a line a row.
    QString csv() const;
    void setTableShown(bool isShown);
    bool isTableShown() const;
    class QMenu *menu() const;

signals:
    /// After "Save ..." from the menu, for a message in place.
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
    /// Lets people zoom these axes, adds that to the menu, and a button that shows all again. To be called once, after the subclass has
    /// begun to hear the canvas.
    PlotZoom &makeZoomable(const std::vector<QCPAxis *> &axes);

    bool event(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    struct Parts;

    void buildMenu();
    void showPage();
    void restyle();
    void drawDirtyLayers();
    void askForFigure();
    void askForFile(const QString &format, const FigureOptions &options);
    QSize canvasSize(const FigureOptions &options) const;
    FigureDrawing drawing(const FigureOptions &options) const;
    /// What `draw` makes of the figure, with the canvas dressed for it meanwhile.
    template <typename Draw>
    auto drawn(const FigureOptions &options, const Draw &draw) const;
    void dress(const PlotStyle &style);

    std::unique_ptr<Parts> m_parts;
};

} // namespace secateur::ui
