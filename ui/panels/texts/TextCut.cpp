// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/texts/TextCut.h"

#include "panels/parts/WheelGuard.h"
#include "widgets/Enabling.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>
#include <QSpinBox>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kMostWindows = 1'000'000;

QSpinBox *spinBox(const QString &name, int least, int most)
{
    auto *box = new QSpinBox;
    box->setRange(least, most);
    box->setGroupSeparatorShown(true);
    box->setAccessibleName(name);
    box->setKeyboardTracking(false); // a number that is still being typed means nothing
    new WheelGuard(*box);
    return box;
}

} // namespace

TextCut::TextCut(QWidget *parent)
    : QWidget(parent),
      m_windows(spinBox(tr("Windows of the text"), 1, kMostWindows)),
      m_length(spinBox(tr("Tokens of one window"), 2, 2048)),
      m_seed(spinBox(tr("Seed of the shuffle"), 1, 2'147'483'647)),
      m_isAll(new QCheckBox(tr("Whole text"))),
      m_isShuffled(new QCheckBox(tr("Shuffle, seed")))
{
    m_seed->setGroupSeparatorShown(false); // a name, not an amount
    m_isAll->setToolTip(tr("As many windows as the text gives; what is left over at its end is not used."));
    m_isShuffled->setToolTip(tr("Reads the documents in an order drawn by chance. The same seed gives the same order on every machine."));

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addWidget(m_windows);
    row->addWidget(new QLabel(QStringLiteral("×")));
    row->addWidget(m_length);
    row->addWidget(new QLabel(tr("tokens")));
    row->addSpacing(8);
    row->addWidget(m_isAll);
    row->addSpacing(8);
    row->addWidget(m_isShuffled);
    row->addWidget(m_seed);
    row->addStretch();

    for (QSpinBox *box : {m_windows, m_length, m_seed})
        connect(box, &QSpinBox::valueChanged, this, &TextCut::changed);
    for (QCheckBox *box : {m_isAll, m_isShuffled})
        connect(box, &QCheckBox::toggled, this, [this] {
            follow();
            emit changed();
        });
    follow();
}

void TextCut::setValue(const TextSettings &text)
{
    const QSignalBlocker blockers[] = {QSignalBlocker(m_windows), QSignalBlocker(m_length), QSignalBlocker(m_seed), QSignalBlocker(m_isAll),
                                       QSignalBlocker(m_isShuffled)};
    m_isAll->setChecked(!text.windows);
    if (text.windows)
        m_windows->setValue(int(std::min<std::int64_t>(*text.windows, kMostWindows)));
    m_length->setValue(int(std::min<std::int64_t>(text.length, m_length->maximum())));
    if (text.seed != 0)
        m_seed->setValue(int(std::min<std::uint64_t>(text.seed, std::uint64_t(m_seed->maximum()))));
    else if (m_isShuffled->isChecked()) // undone: a seed of what is no more must not stay; who unticks it gets his back
        m_seed->setValue(m_seed->minimum());
    m_isShuffled->setChecked(text.seed != 0);
    follow();
}

void TextCut::writeTo(TextSettings &text) const
{
    text.windows = m_isAll->isChecked() ? std::nullopt : std::optional<std::int64_t>(m_windows->value());
    text.length = m_length->value();
    text.seed = m_isShuffled->isChecked() ? std::uint64_t(m_seed->value()) : 0;
}

void TextCut::setContext(qint64 tokens)
{
    const QSignalBlocker blocker(m_length);
    m_length->setMaximum(int(std::clamp<qint64>(tokens, 2, kMostWindows)));
    m_length->setToolTip(tr("At most the context of the model: %1 tokens.").arg(QLocale().toString(tokens)));
}

void TextCut::setWindows(qint64 windows)
{
    m_windows->setValue(int(std::clamp<qint64>(windows, 1, kMostWindows)));
}

std::optional<qint64> TextCut::tokensNeeded() const
{
    return m_isAll->isChecked() ? std::nullopt : std::optional(qint64(m_windows->value()) * m_length->value());
}

void TextCut::follow()
{
    enableUnless(m_isAll->isChecked() ? tr("All windows of the text are taken.") : QString(), *m_windows, {});
    enableUnless(m_isShuffled->isChecked() ? QString() : tr("Tick Shuffle to set a seed."), *m_seed, m_isShuffled->toolTip());
}

} // namespace secateur::ui
