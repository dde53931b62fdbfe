// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/search/Replay.h"

#include <QString>
#include <QWidget>

class QComboBox;
class QKeyEvent;
class QLabel;
class QSlider;
class QTimer;
class QToolButton;

namespace secateur::ui {

/// Walks through the steps of a search that is there, as deep as is chosen: first, back, play, forward, last, a slider, and by keys. Computes nothing.
///
/// Behind the last step stands all of the search, which follows it while it runs. Where people are asked what they would remove, playing stops until
/// they go on.
class TransportBar : public QWidget {
    Q_OBJECT
public:
    explicit TransportBar(QWidget *parent = nullptr);

    void setSteps(const ReplaySteps &steps); ///< that can be shown
    void setPosition(ReplayPosition position);
    ReplayPosition position() const { return m_position; }
    ReplayDepth depth() const;
    void setDepth(ReplayDepth depth); ///< as if it was chosen
    bool isPlaying() const;
    /// Time from the position to the next one at the speed chosen, milliseconds.
    int interval() const;
    /// Space, Left, Right, Home, End and Backspace; false for any other key, and where nothing can be replayed.
    bool takeKey(const QKeyEvent &event);

public slots:
    void play(); ///< from the position, or from the first step when the end is shown
    void pause();
    void goForward(); ///< at a question: the answer

signals:
    /// `step` -1: all. `candidates`: see ReplayPosition.
    void requested(qint64 step, qint64 candidates);
    void depthChosen();
    void begun(); ///< from the first step, by somebody

protected:
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QToolButton *makeButton(const QString &iconName, const QString &name, void (TransportBar::*act)());
    void makeChoices();
    void goToFirst();
    void goBack() { request(before(m_steps, m_position, depth())); }
    void goToEnd() { request({}); }
    void togglePlaying();
    void request(ReplayPosition position);
    void tick();
    bool isAsking() const;
    QString positionText(ReplayPosition position) const;
    void fitLabel();
    void followPlaying();
    void describe();

    QToolButton *m_first, *m_back, *m_play, *m_forward, *m_end;
    QSlider *m_slider;
    QLabel *m_label;
    QComboBox *m_depth, *m_speed;
    QTimer *m_timer;
    ReplaySteps m_steps;
    ReplayPosition m_position;
};

} // namespace secateur::ui
