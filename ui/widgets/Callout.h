// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>
#include <QString>
#include <QWidget>

class QLabel;
class QPushButton;

namespace secateur::ui {

/// A card that points at a widget of its window: a frame around the widget, an arrow to it, and words beside it. Everything but the card lets clicks through,
/// and the card lies over the widget only where the window has no other room. It asks for attention once for each set of words, so that a screen reader says
/// them, and takes the focus only when it is asked to.
class Callout : public QWidget {
    Q_OBJECT
public:
    explicit Callout(QWidget &window);

    /// `progress`: "2 of 5". `next`: what the button that goes on says.
    void setWords(const QString &title, const QString &text, const QString &progress, const QString &next);
    /// Points at a part of a widget, in its coordinates; an empty part is all of it. Null: at nothing, in the middle of the window.
    void pointAt(QWidget *target, const QRect &part = {});
    void takeFocus();

    QWidget *target() const { return m_target; }
    QString title() const;
    QPushButton *next() const { return m_next; }
    QPushButton *later() const { return m_later; }

signals:
    void nextRequested();
    void laterRequested(); ///< by the button, or Esc in the card

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    class Frame;

    void place();
    QRect targetRect() const;

    QWidget &m_window;
    QPointer<QWidget> m_target;
    QRect m_part;
    Frame *m_frame;
    QLabel *m_title, *m_text, *m_progress;
    QPushButton *m_next, *m_later;
};

} // namespace secateur::ui
