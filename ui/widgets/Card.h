// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QWidget>

class QLabel;

namespace secateur::ui {

/// A raised surface with rounded corners that holds what belongs together.
class Card : public QWidget {
    Q_OBJECT
public:
    explicit Card(QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;
};

/// One of several choices that need more than a word: a card with a title and a few lines that is chosen by click, arrows or Space.
/// Checkable; put those that exclude each other into a QButtonGroup. `text()` is the title.
class ChoiceCard : public QAbstractButton {
    Q_OBJECT
public:
    explicit ChoiceCard(const QString &title, QWidget *parent = nullptr);

    /// Lines under the title: what it is about and what is said about it ("saves", "size and time of the FFNs").
    void addLine(const QString &caption, const QString &text);
    /// Disables the card and says why in it; an empty reason enables it again.
    void setProblem(const QString &reason);

    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QLabel *m_title;
    QLabel *m_problem;
};

} // namespace secateur::ui
