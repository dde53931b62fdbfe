// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/KnownTexts.h"

#include <QFutureWatcher>
#include <QString>
#include <QStringList>
#include <QWidget>

class QPushButton;

namespace secateur::ui {

class CopyButton;
class InlineNote;
class TextMenu;

/// The ways to a text: files, the clipboard, the texts at hand, the bundled one; and the way out of the list. Its buttons stay where they
/// are, whatever is chosen.
class TextSources : public QWidget {
    Q_OBJECT
public:
    explicit TextSources(QWidget *parent = nullptr);

    void setUse(TextUse use);
    void setRecentTexts(const QStringList &files);
    void setSampleText(const QString &file);    ///< empty = there is none
    void setPasteFolder(const QString &folder); ///< where pasted texts are kept; nothing can be pasted without
    void setChosen(const QStringList &files);   ///< those in the list
    void setRemovable(bool areSome);            ///< some of them are selected
    /// Takes what is on the clipboard, if that is possible: copied files as they are; of a copied text a file is made, in the background.
    void paste();

signals:
    void added(const QStringList &files);
    void knownAdded(const QString &file, qint64 documents); ///< a data set; 0 = all of its documents
    void replaced(const QString &file);                     ///< by this one alone
    void removed();                                         ///< those that are selected

protected:
    void showEvent(QShowEvent *event) override;

private:
    void chooseFiles();
    void keep(const QString &text);
    void addKept();
    void followClipboard();
    void tellProblem(const QString &sentence, const QString &remedy);
    void tellMissing(const QString &sentence, const QString &command);
    void clearAdvice();

    QStringList m_chosen, m_recent;
    QString m_sample, m_pasteFolder, m_command;
    QFutureWatcher<QString> m_kept; ///< the file of the text that was pasted
    bool m_isKeeping = false;
    QPushButton *m_add, *m_paste, *m_atHand, *m_bundled, *m_remove;
    TextMenu *m_menu;
    InlineNote *m_advice; ///< of what was asked for and could not be had
    CopyButton *m_copyCommand;
};

} // namespace secateur::ui
