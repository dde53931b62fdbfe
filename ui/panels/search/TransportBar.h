// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

class QComboBox;
class QLabel;
class QSlider;
class QTimer;
class QToolButton;

namespace secateur::ui {

/// Walks through the steps of a search that is there: first, back, play, forward, last, and a slider. Computes nothing.
///
/// Step -1 stands behind the last one: all of the search, following it while it runs.
class TransportBar : public QWidget {
    Q_OBJECT
public:
    explicit TransportBar(QWidget *parent = nullptr);

    void setSteps(qint64 steps); ///< steps that can be shown
    void setStep(qint64 step);   ///< -1: all
    bool isPlaying() const;
    /// Time between two steps at the speed chosen, milliseconds.
    int interval() const;

public slots:
    void play(); ///< from the step shown, or from the first one when the end is shown
    void pause();

signals:
    void stepRequested(qint64 step); ///< -1: all

protected:
    void changeEvent(QEvent *event) override;

private:
    QToolButton *makeButton(const QString &iconName, const QString &name, void (TransportBar::*act)());
    void goToFirst() { request(0); }
    void goBack();
    void goForward();
    void goToEnd() { request(-1); }
    void togglePlaying();
    void request(qint64 step);
    QString positionText() const;
    void fitLabel();
    void followPlaying();
    void describe();

    QToolButton *m_first, *m_back, *m_play, *m_forward, *m_end;
    QSlider *m_position;
    QLabel *m_label;
    QComboBox *m_speed;
    QTimer *m_timer;
    qint64 m_steps = 0, m_step = -1;
};

} // namespace secateur::ui
