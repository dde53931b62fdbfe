// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "theme/PlotStyle.h"

#include <QAbstractSlider>
#include <QRectF>
#include <QString>
#include <optional>

namespace secateur::ui {

/// The slider wide <-> deep: N, the number of attentions to remove, from 0 to the number of layers.
///
/// Shows which N can reach the sparsity: the rest is hatched, with the reason, and cannot be reached by mouse, key or assistive
/// technology. `setValue` may still show such an N (a plan whose sparsity was changed), as a warning. A triangle marks the N of the
/// balance rule. Gestures emit the signals below; setters do not. The base class, for accessibility's sake, has the feasible range.
class BalanceSlider : public QAbstractSlider {
    Q_OBJECT
public:
    explicit BalanceSlider(QWidget *parent = nullptr);

    /// N goes from 0 to `layers`; all of it feasible until setFeasible() is called.
    void setRange(qint64 layers);
    /// The smallest and the largest N that can be reached (most < least: none can), and why not what lies below and above.
    void setFeasible(qint64 least, qint64 most, const QString &reasonBelow, const QString &reasonAbove);
    /// The N of the rule and what to write at its mark ("the rule (α = 1.5): N = 4"); -1: no mark.
    void setRule(qint64 n, const QString &label);
    void setValue(qint64 n);
    /// Why N cannot be changed at all: disables the slider and is said beside what it shows. Empty = it can.
    void setProblem(const QString &problem);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void dragStarted();          ///< the mouse is about to move N for the first time since it was pressed
    void valueDragged(qint64 n); ///< between dragStarted and dragFinished
    void dragFinished();
    void valueStepped(qint64 n); ///< by keyboard or assistive technology
    void ruleRequested();        ///< Home, or a click on the rule's mark

protected:
    bool event(QEvent *event) override; // tool tips
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void sliderChange(SliderChange change) override;

private:
    struct Rows; ///< where the lines of text and the track lie
    struct Sizes; ///< of what is drawn and reached for

    Rows rows() const;
    double xOf(double n) const;
    double handleX() const { return xOf(double(m_value)); }
    qint64 reachable(double n) const;
    bool canReach(qint64 n) const { return n >= m_least && n <= m_most; }
    QRectF hatchedBelow() const; ///< null where everything below is feasible
    QRectF hatchedAbove() const;
    QRectF ruleMark() const; ///< triangle and label
    QString reasonAt(QPointF position) const;
    void changeBase();
    void moveTo(qint64 n);
    void stepTo(double n);
    void dragTo(double x);
    void finishDrag();

    void drawCaptions(QPainter &painter, const Rows &rows) const;
    void drawRule(QPainter &painter, const Rows &rows) const;
    void drawTrack(QPainter &painter, const Rows &rows) const;
    void drawTicks(QPainter &painter, const Rows &rows) const;
    void drawHandle(QPainter &painter, const Rows &rows) const;
    void drawReasons(QPainter &painter, const Rows &rows) const;

    PlotStyle m_style;
    qint64 m_layers = 0, m_least = 0, m_most = 0, m_rule = -1;
    qint64 m_value = 0; ///< N; other than the base class's value where it is not feasible
    QString m_reasonBelow, m_reasonAbove, m_ruleLabel, m_problem;
    std::optional<double> m_grab; ///< while the mouse is down: its x less that of the handle
    bool m_isDragging = false;    ///< the mouse has moved N since it was pressed
    bool m_isSetting = false;     ///< the base class changes because we say so
};

} // namespace secateur::ui
