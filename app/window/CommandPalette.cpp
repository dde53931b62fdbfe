// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/CommandPalette.h"

#include "window/Actions.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPointer>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kAction = Qt::UserRole, kShortcut = Qt::UserRole + 1, kPlace = Qt::UserRole + 2;

/// A command with its keys at the right.
class CommandDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    /// The room of an icon, so that names stand below each other, whether they have one or not.
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        constexpr int kIcon = 16;
        QStyledItemDelegate::initStyleOption(option, index);
        option->features |= QStyleOptionViewItem::HasDecoration;
        option->decorationSize = {kIcon, kIcon};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        constexpr int kMargin = 8;
        QStyledItemDelegate::paint(painter, option, index);
        painter->save();
        painter->setPen(option.palette.color(QPalette::PlaceholderText));
        painter->drawText(option.rect.adjusted(0, 0, -kMargin, 0), int(Qt::AlignRight | Qt::AlignVCenter),
                          index.data(kShortcut).toString());
        painter->restore();
    }
};

QString plainText(const QAction &action)
{
    return QString(action.text()).remove(QLatin1Char('&'));
}

bool hasWord(const QString &name, const QString &word)
{
    bool isNumber = false;
    word.toInt(&isNumber);
    return isNumber ? name.split(QLatin1Char(' ')).contains(word) : name.contains(word, Qt::CaseInsensitive);
}

} // namespace

CommandPalette::CommandPalette(QList<QAction *> actions, std::function<std::vector<Place>()> places, QWidget *window)
    : QFrame(window, Qt::Popup),
      m_actions(std::move(actions)),
      m_findPlaces(std::move(places)),
      m_input(new QLineEdit(this)),
      m_list(new QListWidget(this))
{
    setFrameShape(QFrame::StyledPanel);
    setAccessibleName(tr("Command palette"));
    m_input->setPlaceholderText(tr("Search commands"));
    m_input->setAccessibleName(tr("Search commands"));
    m_input->setClearButtonEnabled(true);
    m_input->installEventFilter(this);
    m_list->setAccessibleName(tr("Commands"));
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setUniformItemSizes(true);
    m_list->setItemDelegate(new CommandDelegate(m_list));
    m_list->setFocusPolicy(Qt::NoFocus);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(m_input);
    layout->addWidget(m_list);
    setFocusProxy(m_input);
    connect(m_input, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::run);
}

void CommandPalette::open()
{
    m_places = m_findPlaces();
    m_input->clear();
    filter({});
    const QWidget *window = parentWidget();
    resize(std::min(560, window->width() - 80), std::min(420, window->height() - 120));
    move(window->mapToGlobal(QPoint((window->width() - width()) / 2, 60)));
    show();
    m_input->setFocus();
}

void CommandPalette::filter(const QString &text)
{
    const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    m_list->clear();
    for (QAction *action : std::as_const(m_actions)) {
        const QString name = plainText(*action), found = name + QLatin1Char(' ') + action->property(Actions::kKeywords).toString();
        const bool matches =
            std::all_of(words.begin(), words.end(), [&](const QString &word) { return found.contains(word, Qt::CaseInsensitive); });
        if (!matches || name.isEmpty() || !action->isVisible())
            continue;
        QString line = name;
        if (!action->isEnabled() && !action->toolTip().isEmpty() && action->toolTip() != name)
            line += tr("  (%1)").arg(action->toolTip());
        const QString keys = action->isEnabled() ? action->shortcut().toString(QKeySequence::NativeText) : QString(); // or the reason
        auto *item = new QListWidgetItem(action->icon(), line, m_list);
        item->setData(kAction, QVariant::fromValue(action));
        item->setData(kShortcut, keys);
        item->setData(Qt::AccessibleTextRole, keys.isEmpty() ? line : line + QLatin1String(", ") + keys);
        item->setToolTip(line);
        if (!action->isEnabled())
            item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
    }
    for (std::size_t i = 0; i < m_places.size() && !words.isEmpty(); ++i) {
        const QString &name = m_places[i].name;
        if (std::all_of(words.begin(), words.end(), [&](const QString &word) { return hasWord(name, word); })) {
            auto *item = new QListWidgetItem(name, m_list);
            item->setData(kPlace, qulonglong(i));
            item->setToolTip(name);
        }
    }
    if (m_list->count() == 0) {
        auto *nothing = new QListWidgetItem(tr("No command matches “%1”.").arg(text.trimmed()), m_list);
        nothing->setFlags(Qt::NoItemFlags);
    }
    for (int row = 0; row < m_list->count(); ++row)
        if (m_list->item(row)->flags() & Qt::ItemIsEnabled) {
            m_list->setCurrentRow(row);
            break;
        }
}

void CommandPalette::run()
{
    const QListWidgetItem *item = m_list->currentItem();
    if (!item || !(item->flags() & Qt::ItemIsEnabled))
        return;
    const QPointer<QAction> action = item->data(kAction).value<QAction *>();
    const QVariant place = item->data(kPlace);
    close();
    if (action)
        action->trigger();
    else if (place.isValid())
        m_places[place.toULongLong()].go();
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_input && event->type() == QEvent::KeyPress) {
        auto *key = static_cast<QKeyEvent *>(event);
        switch (key->key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
            run();
            return true;
        case Qt::Key_Escape:
            close();
            return true;
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_PageUp:
        case Qt::Key_PageDown:
            QCoreApplication::sendEvent(m_list, event);
            return true;
        default:
            break;
        }
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace secateur::ui
