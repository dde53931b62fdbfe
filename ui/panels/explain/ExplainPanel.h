// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/explain/Concept.h"
#include "panels/parts/Workbench.h"

#include <QTimer>
#include <QWidget>
#include <optional>
#include <vector>

class QBoxLayout;
class QCheckBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QListWidgetItem;

namespace secateur::ui {

class ConceptCard;
class ScrolledColumn;

/// What the part of the window is about that has the focus or lies under the pointer (see explainBy), with the numbers of the moment; or any card
/// that is chosen from the list. Beside a page it stands upright, below one it lies. While it is hidden it follows nothing.
class ExplainPanel : public QWidget {
    Q_OBJECT
public:
    explicit ExplainPanel(Workbench workbench, QWidget *parent = nullptr);

    void showConcept(ConceptId id);
    ConceptId shown() const { return m_shown; }
    /// Whether the card follows focus and pointer; else it stays until another one is chosen.
    bool isFollowing() const;

    QSize sizeHint() const override { return {300, 500}; }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void makeList();
    void layOut();
    void fitList();
    void followModels();
    void followWidget(const QWidget *widget);
    void followNumbers();
    void filter(const QString &words);
    void choose(const QListWidgetItem *item);

    Workbench m_workbench;
    std::vector<Concept> m_concepts;
    ConceptId m_shown = ConceptId::BalanceRule;
    QLineEdit *m_find;
    QListWidget *m_list;
    QLabel *m_none; ///< says that no card has the words
    QCheckBox *m_follow;
    ConceptCard *m_card;
    ScrolledColumn *m_scroll;
    QBoxLayout *m_parts;                     ///< the list above the card, or beside it where the panel is low and wide
    QTimer m_soon;                           ///< many changes of one turn of the event loop become one update
    QTimer m_rest;                           ///< the pointer has to rest: on its way it crosses much
    std::optional<ConceptId> m_underPointer; ///< what it rests on
};

} // namespace secateur::ui
