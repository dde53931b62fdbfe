// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/texts/TextSources.h"

#include "foundation/Failures.h"
#include "panels/parts/InBackground.h"
#include "panels/texts/TextFiles.h"
#include "panels/texts/TextMenu.h"
#include "text/PastedText.h"
#include "theme/Icons.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Quantity.h"

#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QMimeData>
#include <QPushButton>
#include <QVBoxLayout>

namespace secateur::ui {
namespace {

constexpr qsizetype kMostPasted = 20'000'000; ///< characters; more than that is a file already, or a slip

/// Whether something of it can be pasted. Files that are no texts have a text as well: their names.
bool holdsText(const QMimeData *data)
{
    return data && (data->hasUrls() ? !textsIn(*data).isEmpty() : data->hasText());
}

} // namespace

TextSources::TextSources(QWidget *parent)
    : QWidget(parent),
      m_add(new QPushButton(icon(QStringLiteral("open")), tr("Add text…"))),
      m_paste(new QPushButton(tr("Paste"))),
      m_atHand(new QPushButton(tr("At hand"))),
      m_bundled(new QPushButton(icon(QStringLiteral("sample")), tr("Bundled text"))),
      m_remove(new QPushButton(tr("Remove"))),
      m_menu(new TextMenu(this)),
      m_advice(new InlineNote),
      m_copyCommand(new CopyButton(tr("Copy command"), [this] { return m_command; }))
{
    m_atHand->setMenu(m_menu);
    m_atHand->setToolTip(tr("Data sets on this computer that papers use, and texts that were chosen before."));
    m_copyCommand->hide();
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(6);
    for (QPushButton *button : {m_add, m_paste, m_atHand, m_bundled, m_remove})
        buttons->addWidget(button);
    buttons->addStretch();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addLayout(buttons);
    layout->addWidget(m_advice);
    layout->addWidget(m_copyCommand, 0, Qt::AlignLeft);

    connect(m_add, &QPushButton::clicked, this, &TextSources::chooseFiles);
    connect(m_paste, &QPushButton::clicked, this, &TextSources::paste);
    connect(m_bundled, &QPushButton::clicked, this, [this] { emit replaced(m_sample); });
    connect(m_remove, &QPushButton::clicked, this, &TextSources::removed);
    connect(m_menu, &TextMenu::chosen, this, [this](const QString &file) { emit added({file}); });
    connect(m_menu, &TextMenu::knownChosen, this, &TextSources::knownAdded);
    connect(m_menu, &TextMenu::missing, this, &TextSources::tellMissing);
    connect(&m_kept, &QFutureWatcher<QString>::finished, this, &TextSources::addKept);
    connect(QGuiApplication::clipboard(), &QClipboard::dataChanged, this, &TextSources::followClipboard);
    setSampleText({});
    setPasteFolder({});
    setRemovable(false);
}

void TextSources::setUse(TextUse use)
{
    m_menu->setUse(use);
}

void TextSources::setRecentTexts(const QStringList &files)
{
    m_recent = files;
    m_menu->setRecentTexts(files);
}

void TextSources::setSampleText(const QString &file)
{
    m_sample = file;
    m_bundled->setVisible(!file.isEmpty());
    setChosen(m_chosen);
}

void TextSources::setPasteFolder(const QString &folder)
{
    m_pasteFolder = folder;
    m_paste->setVisible(!folder.isEmpty());
    followClipboard();
}

void TextSources::setChosen(const QStringList &files)
{
    if (files != m_chosen)
        clearAdvice();
    m_chosen = files;
    const bool isSample = m_chosen == QStringList{m_sample};
    enableUnless(isSample ? tr("This text is already chosen.") : QString(), *m_bundled, m_sample);
}

void TextSources::setRemovable(bool areSome)
{
    enableUnless(areSome ? QString() : tr("Select a file in the list first."), *m_remove, {});
}

void TextSources::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    followClipboard();
}

void TextSources::chooseFiles()
{
    const QString start = m_chosen.isEmpty() ? m_recent.value(0) : m_chosen.back();
    emit added(QFileDialog::getOpenFileNames(this, tr("Choose a text"), QFileInfo(start).path(), textFileFilter()));
}

void TextSources::paste()
{
    const QMimeData *copied = QGuiApplication::clipboard()->mimeData();
    if (m_pasteFolder.isEmpty() || m_isKeeping || !holdsText(copied))
        return;
    if (copied->hasUrls())
        emit added(textsIn(*copied));
    else
        keep(copied->text());
}

void TextSources::keep(const QString &text)
{
    if (text.isEmpty()) { // it was announced and did not come
        tellProblem(tr("The copied text did not arrive: it is probably too large. At most %1 characters can be pasted.")
                        .arg(exactText(kMostPasted)),
                    tr("Save it as a file and add that."));
        return;
    }
    if (text.size() > kMostPasted) {
        tellProblem(tr("The copied text has %1 characters; at most %2 can be pasted.").arg(exactText(text.size()), exactText(kMostPasted)),
                    tr("Save it as a file and add that."));
        return;
    }
    m_isKeeping = true;
    if (window()->focusWidget() == m_paste) // which else would go to the next button, and a key would press that
        setFocus();
    m_kept.setFuture(inBackground([text, folder = m_pasteFolder.toStdString()] {
        return QString::fromStdString(keepPastedText(text.toStdString(), folder).string());
    }));
    followClipboard();
}

void TextSources::addKept()
{
    m_isKeeping = false;
    followClipboard();
    if (window()->focusWidget() == this)
        m_paste->setFocus();
    try {
        emit added({m_kept.result()});
    } catch (const std::exception &thrown) {
        const Error problem = asError(thrown);
        tellProblem(QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
    }
}

void TextSources::followClipboard()
{
    if (m_pasteFolder.isEmpty() || !isVisible()) // asking other programs for what they have copied takes time
        return;
    const QString problem = m_isKeeping                                           ? tr("The copied text is being kept as a file.")
                            : holdsText(QGuiApplication::clipboard()->mimeData()) ? QString()
                                                                                  : tr("The clipboard holds no text. Copy one first.");
    enableUnless(problem, *m_paste, tr("Keeps the copied text as a file in %1 and adds it.").arg(folderText(m_pasteFolder)));
}

void TextSources::tellProblem(const QString &sentence, const QString &remedy)
{
    m_copyCommand->hide();
    m_advice->say(InlineNote::Kind::Problem, sentence, remedy);
}

void TextSources::tellMissing(const QString &sentence, const QString &command)
{
    m_command = command;
    m_advice->say(InlineNote::Kind::Info, sentence, tr("Fetch it with: %1").arg(command));
    m_copyCommand->show();
}

void TextSources::clearAdvice()
{
    m_advice->clear();
    m_copyCommand->hide();
}

} // namespace secateur::ui
